"""Limits on memory: decompression bombs of a megabyte are refused before anything is unpacked."""

import gzip
import io
import struct
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from search.data.bounded import ALWAYS_ALLOWED, MAX_RATIO, check_unpacked, read_at_most
from search.data.load import load_pictures
from search.data.source import Source
from search.errors import BadInput
from tests.conftest import toy_pictures

PART = toy_pictures().train
MEGABYTES = ALWAYS_ALLOWED // 2**20 + 44


def zeros_in(handle):
    for _ in range(MEGABYTES):
        handle.write(bytes(2**20))


def header_of(shape):
    target = io.BytesIO()
    np.lib.format.write_array_header_1_0(target, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return target.getvalue()


def npz_bomb():
    with zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("images.npy", "w") as handle:
            handle.write(header_of((MEGABYTES, 1024, 1024)))
            zeros_in(handle)
        with archive.open("labels.npy", "w") as handle:
            np.save(handle, np.arange(MEGABYTES) % 2)
    return "bomb.npz"


def csv_bomb():
    archive = zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with archive, archive.open("a.csv", "w") as handle:
        handle.write(b"label,pixel1\n")
        for _ in range(MEGABYTES):
            handle.write(b"0,0\n" * 2**18)
    return "bomb.zip"


def idx_bomb():
    Path("idx").mkdir()
    with gzip.open("idx/train-images-idx3-ubyte.gz", "wb", compresslevel=1) as handle:
        handle.write(struct.pack(">4B3I", 0, 0, 8, 3, MEGABYTES, 1024, 1024))
        zeros_in(handle)
    labels = struct.pack(">4BI", 0, 0, 8, 1, MEGABYTES) + bytes(i % 2 for i in range(MEGABYTES))
    Path("idx/train-labels-idx1-ubyte").write_bytes(labels)
    return "idx"


def parquet_bomb():
    """Many rows that repeat a few stored values."""
    rows = ALWAYS_ALLOWED // 64 + 1
    labels, images = (pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), v) for v in (["a"], [b"picture"]))
    parquet.write_table(pa.table({"image": images, "label": labels}), "bomb.parquet", compression="zstd")
    return "bomb.parquet"


@pytest.mark.parametrize("make", [npz_bomb, csv_bomb, idx_bomb, parquet_bomb])
def test_a_decompression_bomb_is_refused_with_little_memory_and_time(make):
    data = make()
    packed = max(file.stat().st_size for file in (Path(data), *Path(data).glob("*")))
    assert packed < 4 * 2**20
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(BadInput, match=r"\d+ bytes expand to \d+, more than 100 times as many, as in a decomp"):
        load_pictures(Source(data))
    taken, (_, most) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 32 * 2**20
    assert taken < 5


def test_a_zip_member_is_read_only_up_to_its_declared_size():
    """The directory declares 228 bytes; only these are unpacked, and then the checksum differs."""
    np.savez_compressed("a.npz", images=np.zeros((9999, 28, 28), np.uint8), labels=np.arange(9999) % 2)
    data = bytearray(Path("a.npz").read_bytes())
    start = data.rfind(b"PK\x01\x02", 0, data.rfind(b"PK\x01\x02"))
    data[start + 24 : start + 28] = struct.pack("<I", 228)
    Path("a.npz").write_bytes(data)
    tracemalloc.start()
    with pytest.raises(BadInput, match=r"a\.npz: damaged \.npz \(Bad CRC-32 for file 'images\.npy'\)"):
        load_pictures(Source("a.npz"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20


def test_labels_are_checked_before_pixels_are_read():
    """The bytes of the pixels are damaged, which would be reported if they were read."""
    np.savez("a.npz", images=PART.images, labels=PART.labels[1:])
    np.savez("b.npz", images=PART.images, labels=PART.labels * 0)
    for name, message in (("a.npz", "labels: shape"), ("b.npz", "only one class")):
        data = bytearray(Path(name).read_bytes())
        data[1000:1100] = bytes(100)
        Path(name).write_bytes(data)
        with pytest.raises(BadInput, match=message):
            load_pictures(Source(name))
    np.savez("c.npz", images=PART.images, labels=PART.labels)
    data = bytearray(Path("c.npz").read_bytes())
    data[1000:1100] = bytes(100)
    Path("c.npz").write_bytes(data)
    with pytest.raises(BadInput, match=r"c.npz: damaged .npz \(Bad CRC-32 for file 'images.npy'\)"):
        load_pictures(Source("c.npz"))


def test_arrays_of_pictures_above_the_size_limit_are_refused():
    with Path("images.npy").open("wb") as file:
        file.write(header_of((2, 8192, 8193)))
        file.truncate(file.tell() + 2 * 8192 * 8193)  # a sparse file
    np.save("labels.npy", [0, 1])
    with pytest.raises(BadInput, match=r"images: images of 8192x8193; the limit is 67108864 pixels, so resize"):
        load_pictures(Source("."))


def test_the_compression_limit_applies_only_above_a_minimum_size():
    check_unpacked(ALWAYS_ALLOWED, 1, "x")
    check_unpacked(MAX_RATIO * ALWAYS_ALLOWED, ALWAYS_ALLOWED, "x")
    for unpacked, packed in ((ALWAYS_ALLOWED + 1, 1), (MAX_RATIO * ALWAYS_ALLOWED + 1, ALWAYS_ALLOWED)):
        with pytest.raises(BadInput, match=f"x: {packed} bytes expand to {unpacked}"):
            check_unpacked(unpacked, packed, "x")


def test_a_file_with_short_reads_is_read_up_to_the_size():
    class Slow(io.BytesIO):
        def read(self, size=-1, /):
            return super().read(min(size, 3))

    assert bytes(read_at_most(Slow(b"0123456789"), 8)) == b"01234567"
    assert bytes(read_at_most(Slow(b"0123"), 8)) == b"0123"
