"""A study from its first trial to its summary.

run.py         from pictures to trials: the functions that the command and the API call
loop.py        asks, trains, records and tells until the study has its trials
lifecycle.py   one trial's states in Optuna: asked, told, failed, queued again
queue.py       the references as first trials, each queued once
joining.py     creates a study or joins one of the same protocol
reopen.py      finds a study's pictures again
progress.py    progress while a study runs
summary.py     the table at its end
"""
