"""The database: Optuna's storage and the project's own tables.

database.py       opens a database and lists its studies
optuna_private.py all uses of Optuna's private API
few_statements.py Optuna's storage with fewer statements and transactions for each trial
trial_rows.py     reads trials of Optuna's tables
one_owner.py      Optuna's storage, safe for several processes on SQLite
study_trials.py   a study's trials, read incrementally
secrets.py        URLs and messages without passwords
tables.py         the project's own tables; migrations/ holds their history
attributes.py     attributes of a study
records.py        trials, runs and data sets
candidates.py     the binarizations of a study and the best of them
scores.py         the score of each trial on each photo
supernets.py      trained supernets and the candidates that they scored
results.py        everything known of one study
confirmations.py  predictions on test images, and readings of the test set
workers.py        identifies worker processes and says whether they are alive
claims.py         work that exactly one of several processes does
"""
