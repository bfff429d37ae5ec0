"""Binarizations that need no search, and the 8-bit references.

catalogue.py   the references of a study, in order
pixels.py      histograms of the training pixels, as grey levels or after a level map
local_thresholds.py  published local thresholds with their published settings
rules.py       cut points computed from the training pixels
learned.py     cut points learned by gradient
greyscale.py   the runs of the network on 8-bit grey levels or on an 8-bit level map
eight_bit_maps.py  which 8-bit level maps a study trains at its end
"""
