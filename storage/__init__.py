"""The database: Optuna's storage and tables of our own. Records in, data frames out.

database.py       opens a database and lists its studies
optuna_private.py all uses of Optuna's private API
few_statements.py Optuna's storage with fewer statements and transactions for each trial
trial_rows.py     reads trials of Optuna's tables
one_owner.py      Optuna's storage, safe for several processes on SQLite
study_trials.py   a study's trials, read incrementally
secrets.py        URLs and messages without passwords
tables.py         our own tables; migrations/ holds their history
attributes.py     what a study keeps of itself in Optuna's attributes
records.py        trials, runs and data sets
candidates.py     the binarizations of a study, one row each, and the best of them
scores.py         what each trial scored on each photo
results.py        everything known of one study
confirmations.py  predictions on test pictures, and readings of the test set
workers.py        identifies worker processes and whether they are alive
claims.py         what exactly one of several processes does
"""
