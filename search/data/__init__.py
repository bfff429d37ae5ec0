"""Data sets, from a name or path to images, photo groups and splits.

load.py        the value of --data to Pictures
source.py      the flags that select the data set and how it is read
formats.py     recognizes the format of a path
csv_files.py, npz_files.py, memmap_folders.py, idx_files.py   readers of arrays
csv_columns.py, npy.py   order of a CSV's pixel columns; one NumPy array
image_folders.py, parquet_files.py   readers of encoded images; decode.py one image, stack.py many, depth.py 16 bits
folder_parts.py   finds training and test folders
parquet_columns.py   label and group columns of parquet tables
bounded.py     limits on the memory that a file may use
fit.py, color.py   resizing; color to grey
sign_mnist.py  Sign Language MNIST
arrays.py      the arrays that every reader returns; labels.py class indices from raw labels
assemble.py    arrays to Pictures: classes, groups, checks of the whole data set
pictures.py    the values Pictures and Part
groups.py      photo groups; near.py finds near copies
given.py       groups given by the user; hints.py finds likely groups in names; notes.py messages about a data set
split.py       training, validation and test photos; fingerprints
cache.py       parsed images on disk
"""
