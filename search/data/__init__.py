"""Data sets by name or path to pictures, photo groups and splits. The map:

load.py        what --data says → Pictures
source.py      the flags that say which pictures and how they come in
formats.py     what lies at a path
csv_files.py, npz_files.py, memmap_folders.py, idx_files.py   arrays
csv_columns.py, npy.py   the order of a CSV's pixels, one array of NumPy's
image_folders.py, parquet_files.py   encoded pictures; decode.py one, stack.py many, depth.py those of 16 bits
folder_parts.py   which folders are training and test parts
parquet_columns.py   labels and groups of parquet tables
bounded.py     how much memory a file may ask for
fit.py, color.py   pictures to one size, color to grey
sign_mnist.py  the one named set
arrays.py      what every reader hands on; labels.py classes of raw labels
assemble.py    arrays → Pictures: classes, groups, the checks of the whole
pictures.py    Pictures and Part, the values
groups.py      which pictures belong to one photo; near.py finds the pairs that look alike
given.py       groups that the owner of the data names; hints.py: signs of them in names; notes.py: what is said of them
split.py       training, validation and test photos; fingerprints
cache.py       parsed pictures on disk
"""
