"""The search for thresholds.

commands.py    the list of commands
__main__.py    the console script `cutpoints`, also python -m search

Commands, one module each; they parse flags, call one function and print:

study.py       python -m search.study: runs or resumes a study
studies.py     python -m search.studies: lists the studies of a database
confirm.py     python -m search.confirm: retrains finalists and reads the test set once
export.py      python -m search.export: writes the best thresholds as JSON
light.py       python -m search.light: measures thresholds files under different light

api.py         the Python API: search_thresholds and BinarizedInput

arguments.py   keyword arguments of the API to the settings of a study
config.py      the settings of a study
study_flags.py the flags of a study, from which its settings come
errors.py      the errors that end a command with one line and an exit code

Folders, each of which imports only from those above it:

binarization/  cut points, encodings, what of a network is binary
console/       terminal output, exit codes, signals, files written atomically
sampling/      the search space, samplers, pruners
data/          data sets by name or path, photo groups, leak-safe splits, fingerprints
evaluation/    protocol, budgets, metrics; from a trial's settings and a split to its value
references/    binarizations that need no search; the greyscale reference
trials/        the study loop, a trial's life in Optuna, joining a study
confirmation/  finalists, retraining, the reading of the test set, statistics
deploy/        the thresholds file and the choice of what it holds
"""
