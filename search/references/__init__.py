"""Binarizations that need no search, and the greyscale reference.

catalogue.py   the references of a study, in order
rules.py       cut points computed from the training pixels
learned.py     cut points learned by gradient
greyscale.py   the run of the network on 8-bit grey levels
"""
