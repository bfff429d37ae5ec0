"""What a program or device is given.

thresholds.py  the thresholds file; thresholds.schema.json is its schema, thresholds-1.schema.json that of version 1
picks.py       which candidate is exported
ties.py        which candidates are not distinguishable from the best
transformer.py BinarizedInput, a transformer for scikit-learn
outputs.py     the files in a study's output folder
"""
