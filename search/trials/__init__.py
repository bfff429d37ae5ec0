"""A study from its first trial to its summary.

run.py         from images to trials: the functions that the command and the API call
loop.py        runs trials until the study has its total
lifecycle.py   the states of one trial in Optuna: asked, told, failed, queued again
queue.py       the references as first trials, each queued once
spaces.py      the search space of a study
joining.py     creates a study or joins one of the same protocol
reopen.py      loads a study's images again
progress.py    progress while a study runs
summary.py     the table at the end of a study
"""
