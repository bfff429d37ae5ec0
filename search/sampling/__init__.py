"""How the next trial is chosen, and which trials are stopped early.

space.py       Optuna's parameters to binarizations and back
samplers.py    samplers by name, seeded by a trial's rank
space_sampler.py  what local.py and repeats.py share
local.py       local search over cut points
repeats.py     the references again, as a baseline without search
history.py     the finished trials of a study, as local.py and repeats.py read them
pruners.py     pruners by name
"""
