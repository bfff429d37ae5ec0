"""Networks and their training. They know tensors and labels, nothing of data sets, cut points or studies.

networks.py    the networks by name: compact.py, lenet.py, residual.py; blocks.py has what they share
constants.py   numbers and names shared with the rest of the project; needs no torch
spec.py        what a network is built from
quantize.py    binary weights and activations
cost.py        parameters and multiply-accumulates of a network
encode.py      grey levels to channels
augment.py     random changes of pictures before they are encoded
recipe.py      how a network is trained
train.py       the training loop
learned.py     thresholds learned together with a network
"""
