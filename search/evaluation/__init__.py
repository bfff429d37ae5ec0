"""From the settings of a trial and a split to its value.

objective.py   trains and validates trials
draws.py       random binarizations that train a supernet
one_shot.py    trains a supernet, scores binarizations with it and keeps both
protocol.py    everything that makes two values comparable
network.py     when a network of the user's own is imported, and how it is checked
budgets.py     how many images and epochs a trial uses, and which width
metrics.py     what a value measures
intervals.py   confidence intervals over photos
device.py      where networks are trained, and with which versions
drift.py       changes of lighting: gain, gamma, brightness
lights.py      values of inputs under each change of lighting
"""
