"""Finalists retrained with fresh seeds, and the test set read once.

config.py      the settings of a confirmation, and its flags
finalists.py   which inputs are confirmed
recipe.py      how they are retrained, and the test photos that are needed
retraining.py  retrains them, shared by any number of processes
reading.py     reads the test set once and records it
findings.py    what a reading found
statistics.py  accuracies and differences with intervals over photos and seeds
verdicts.py    better, worse, equivalent or tied, corrected for the number of comparisons
paper.py       the paper's settings and its tables
text.py        findings as tables
cells.py       the cells of those tables
"""
