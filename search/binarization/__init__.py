"""Binarization of a network: cut points, encodings, weights and activations.

cut_points.py    CutPoints, for one channel or for each of three colors
encodings.py     encodings of the ranges between cut points as channels
binarization.py  cut points, an encoding, and binary or real weights and activations
"""
