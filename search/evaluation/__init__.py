"""From a trial's settings and a split to its value.

objective.py   trains and validates trials
protocol.py    everything that makes two values comparable
budgets.py     what one trial may spend
metrics.py     what a value measures
intervals.py   intervals over photos
device.py      where networks are trained, and with which versions
drift.py       gain, gamma and brightness of lighting
"""
