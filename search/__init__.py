"""The search: what is searched, and the run itself. The map:

study.py       python -m search.study: the whole run, readable from top to bottom; loop.py: its loop
confirm.py     python -m search.confirm: retrains finalists, reads the test set once; confirm_flags.py: its flags
finalists.py   who is confirmed; retraining.py: with fresh seeds; reading.py: the test set, once
findings.py    what a reading found; verdicts.py: who is better; confirmed.py: as text; tables.py: text or Markdown
outputs.py     the files that a study leaves
light.py       python -m search.light: a thresholds file under other light; drift.py: gain, gamma, brightness
export.py      python -m search.export: the best thresholds as JSON; picks.py: which of them; ties.py: who is tied
data/          data sets by name or path, photo groups, leak-safe splits, fingerprints
cut_points.py  CutPoints, of one channel or three colours; encodings.py: how the ranges between them become channels
binarize.py    what is binary in a network: cut points with an encoding, weights, activations
references.py  cut points that need no search, in order; rules.py: computed ones; learned.py: learned by gradient
space.py       Optuna parameters ⇄ cut points
metrics.py     what a value measures
samplers.py    samplers and pruners by name; ours are local.py and repeats.py, which read history.py
objective.py   trial specs and a split to results
statistics.py  accuracies and their differences, with intervals over photos and seeds; intervals.py: how these are made
trials.py      one trial's way through Optuna; queue.py: references first, each once
worker.py      who trains, and whether that process still lives
joining.py     creating or joining a study; protocol.py: what must be equal for that
greyscale.py   the greyscale reference run
thresholds.py  the thresholds file and its schema
progress.py    what one sees while it runs; summary.py: at its end
config.py      a study's settings; flags.py: flags from the fields of a dataclass
command.py     what all commands share: errors, exit codes, flags; stop.py: signals
"""
