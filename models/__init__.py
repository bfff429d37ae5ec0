"""Networks and their training; knows tensors and labels, nothing of data sets, cut points or studies. The map:

networks.py    the networks by name: compact.py, lenet.py, residual.py; blocks.py: what they share
cost.py        what a network costs: parameters and multiply-accumulates
quantize.py    binary weights and activations
levels.py      a picture's own grey levels
augment.py     random changes of grey pictures, before they are encoded
train.py       recipe, lanes, the training loop
learned.py     thresholds that are learned together with a network
"""
