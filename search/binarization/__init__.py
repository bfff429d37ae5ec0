"""Binarization of a network: cut points, encodings, weights and activations.

level_map.py     the interface of level maps, the images that cut points are compared with
windows.py       level maps that compare a pixel with its neighborhood
levels.py        level maps by name
cut_points.py    CutPoints, for one level map, for several, or for each of three colors
encodings.py     encodings of the ranges between cut points as channels
binarization.py  level maps, cut points, an encoding, and binary or real weights and activations
"""
