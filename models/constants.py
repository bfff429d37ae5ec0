"""Names and numbers that networks share with the rest of the project. Importing this module does not import torch."""

LEVELS = 256  # grey levels of a uint8 pixel
REAL, BINARY, XNOR = "real", "binary", "xnor"
WEIGHTS = (REAL, BINARY, XNOR)  # kinds of weights; models/quantize.py has their modules
ACTIVATIONS = (REAL, BINARY)
