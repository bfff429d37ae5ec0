"""Networks and their training. Takes tensors and labels; knows nothing of data sets, cut points or studies.

networks.py    the networks by name: compact.py, lenet.py, residual.py, which share blocks.py
load.py        a network by name, or `package.module:function` for one of the user's own
probe.py       a trial run of a network before it is trained
constants.py   names and numbers shared with the rest of the project; does not import torch
spec.py        what a network is built from
quantize.py    binary weights and activations
cost.py        number of parameters and multiply-accumulates
encode.py      grey levels to channels
levels.py      level maps: grey levels to the levels that cut points are compared with
augment.py     random changes of images before they are encoded
recipe.py      settings of a training
train.py       the training loop
learned.py     thresholds learned together with a network
supernet.py    one network for all inputs of a search space
"""
