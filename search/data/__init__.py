"""Data sets by name or path to pictures, photo groups and splits. The map:

load.py        what --data says → Pictures
csv_files.py, npz_files.py, sign_mnist.py   the formats, and the one named set
pictures.py    Pictures and Part, the values
groups.py      which pictures are variants of one photo
split.py       training, validation and test photos; fingerprints
cache.py       parsed pictures on disk
"""
