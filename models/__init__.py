"""Networks and their training; knows tensors and labels, nothing of data sets, cut points or studies. The map:

compact.py     the network
train.py       recipe, lanes, the training loop
"""
