"""The search space, samplers and pruners.

space.py       converts Optuna's parameters to binarizations and back
level_choices.py  converts Optuna's parameters to level maps and back
samplers.py    samplers by name, seeded by a trial's rank
space_sampler.py  the base class of local.py and repeats.py
local.py       local search over cut points
repeats.py     the references again, as a baseline without search
history.py     the binarizations that a study has tried, for local.py and repeats.py
pruners.py     pruners by name
"""
