"""The search: what is searched, and the run itself. The map:

study.py       python -m search.study: the whole run, readable from top to bottom
export.py      python -m search.export: the best thresholds as JSON
data/          data sets by name or path, photo groups, leak-safe splits, fingerprints
binarize.py    CutPoints and encodings
references.py  cut points that need no search, in order; rules.py: computed ones; learned.py: learned by gradient
space.py       Optuna parameters ⇄ cut points
metrics.py     what a value measures
samplers.py    samplers and pruners by name
objective.py   trial specs and a split to results
trials.py      one trial's way through Optuna
joining.py     creating or joining a study; protocol.py: what must be equal for that
greyscale.py   the greyscale reference run
thresholds.py  the thresholds file and its schema
progress.py    what one sees while it runs; summary.py: at its end
config.py      a study's settings and flags
command.py     what all commands share: errors, exit codes, flags; stop.py: signals
"""
