"""What of a network's input and arithmetic is binary.

cut_points.py    CutPoints, for one channel or for each of three colors
encodings.py     how the ranges between cut points become channels
binarization.py  cut points, an encoding, and binary or real weights and activations
"""
