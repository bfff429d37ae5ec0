"""The database: Optuna's storage and our own tables. Records in, data frames out. The map:

database.py    opening it; which studies it holds; one_owner.py: Optuna's storage, safe for several processes;
               secrets.py: URLs and messages without passwords
records.py     what is written of trials, runs and data sets, and read as data frames
confirmations.py  predictions of test pictures, and readings of the test set
claims.py      what one of several processes does
scores.py      what each trial scored on each photo
results.py     all that is known of one study
tables.py      our own tables; migrations/: their history
"""
