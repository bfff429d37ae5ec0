"""Confirmation: finalists are retrained with fresh seeds, and the test set is read once.

config.py      the settings of a confirmation, and its flags
roles.py       why an input is confirmed
finalists.py   the inputs that are confirmed
recipe.py      the protocol of a confirmation, and the test photos that it needs
retraining.py  the trainings, shared by any number of processes
reading.py     the recorded reading of the test set
compare.py     from predictions to findings
statistics.py  accuracies and differences with intervals over photos and seeds
verdicts.py    better, worse, equivalent, tied or unclear, corrected for the number of comparisons
findings.py    findings as values, and as JSON
text.py        findings as tables
cells.py       the cells of those tables
paper.py       the paper's settings and its tables
"""
