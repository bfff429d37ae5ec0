"""The search space, samplers and pruners.

space.py       converts Optuna's parameters to binarizations and back
level_choices.py  converts Optuna's parameters to level maps and back
samplers.py    samplers by name, seeded by a trial's rank
space_sampler.py  the base class of local.py, one_shot.py and repeats.py
local.py       local search over cut points
pool.py        candidates that a supernet scored
one_shot.py    the best candidates of a pool, corrected by finished trials
repeats.py     the references again, as a baseline without search
history.py     the binarizations that a study has tried, for the project's own samplers
pruners.py     pruners by name
"""
