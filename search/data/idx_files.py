"""IDX files, as of MNIST, Fashion-MNIST and EMNIST: one file of images and one of labels, optionally gzipped.

Takes the path of an images file, or a folder with one set. EMNIST's files store images with rows and columns
exchanged; files whose names begin with `emnist-` are transposed back.
"""

import gzip
import math
import re
import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from search.console.messages import listed, plural
from search.data.arrays import Arrays
from search.data.bounded import Readable, check_pixels, check_unpacked, read_at_most
from search.data.labels import classes_of
from search.errors import BadInput

NAME = re.compile(r"(?P<set>.*?)(?P<part>train|t10k|test)?-?images[-.]idx3-ubyte(\.gz)?", re.IGNORECASE)
GZIPPED = b"\x1f\x8b"


@dataclass(frozen=True)
class IdxSet:
    """Images and labels files of the training set and, if there is one, the test set."""

    train: tuple[Path, Path]
    test: tuple[Path, Path] | None

    @property
    def files(self) -> list[Path]:
        """All files of the set."""
        return [*self.train, *(self.test or ())]


def is_idx(path: Path) -> bool:
    """Returns whether the path is named like an IDX images file, or is a folder that contains one."""
    if path.is_dir():
        return any(NAME.fullmatch(file.name) for file in path.iterdir())
    return NAME.fullmatch(path.name) is not None


def find_idx(path: Path) -> IdxSet:
    """Returns the files of one set. For a training images file, includes the test files beside it.

    Raises: BadInput for a folder with several sets, and for images without labels.
    """
    if path.is_dir():
        files = sorted(file.name for file in path.iterdir())
        found = [match for name in files if (match := NAME.fullmatch(name)) and match["part"] == "train"]
        named = {match["set"]: match for match in found}
        if twice := next(([a.string, b.string] for a, b in pairwise(found) if a["set"] == b["set"]), None):
            raise BadInput(f"{path}: {listed(twice)}: two files of the same set; give --data one of them")
        if len(named) != 1:
            there = f"it has {', '.join(sorted(m.string for m in named.values()))}" if named else "it has none"
            raise BadInput(f"{path}: expected one …train-images-idx3-ubyte; {there}; give --data one images file")
        path = path / next(iter(named.values())).string
    match = NAME.fullmatch(path.name)
    assert match is not None
    train = (path, _labels_of(path))
    if (match["part"] or "").lower() != "train":
        return IdxSet(train, None)
    for part in ("t10k", "test"):
        beginning = f"{match['set']}{part}{path.name[match.end('part') :]}"
        for name in (beginning, f"{beginning}.gz", beginning.removesuffix(".gz")):
            if (path.parent / name).is_file():
                return IdxSet(train, (path.parent / name, _labels_of(path.parent / name)))
    return IdxSet(train, None)


def read_idx(found: IdxSet) -> Arrays:
    """Reads labels, then images. Raises: BadInput for a damaged or unknown file, or counts that differ."""
    labels = _read(found.train[1], 1)
    test_labels = None if found.test is None else _read(found.test[1], 1)
    classes_of(labels, test_labels, None, str(found.train[1]))
    images = _read(found.train[0], 3, (len(labels), found.train[1].name))
    test_images = None
    if found.test is not None and test_labels is not None:
        test_images = _read(found.test[0], 3, (len(test_labels), found.test[1].name))
    if not found.train[0].name.lower().startswith("emnist-"):
        return Arrays(images, labels, test_images, test_labels)
    return Arrays(
        np.ascontiguousarray(images.transpose(0, 2, 1)),
        labels,
        None if test_images is None else np.ascontiguousarray(test_images.transpose(0, 2, 1)),
        test_labels,
        preprocessing={"transposed": True},
        notes=("EMNIST's files store images with rows and columns exchanged; they were transposed back",),
    )


def _labels_of(images: Path) -> Path:
    """Returns the labels file beside an images file. Raises: BadInput."""
    name = re.sub(r"images([-.])idx3", r"labels\1idx1", images.name)
    for candidate in (name, f"{name}.gz", name.removesuffix(".gz")):
        if (images.parent / candidate).is_file():
            return images.parent / candidate
    raise BadInput(f"{images}: images without labels; put {name} beside the file")


def _read(path: Path, axes: int, labels: tuple[int, str] | None = None) -> npt.NDArray[np.uint8]:
    """Reads an IDX file of bytes with this number of axes. The header is checked before the rest is read.

    labels: number of labels for these images, and the name of their file.
    """
    packed = path.stat().st_size
    with path.open("rb") as raw:
        gzipped = raw.peek(2)[:2] == GZIPPED
        try:
            with gzip.open(raw) if gzipped else raw as handle:
                shape = _header(handle, axes, str(path))
                wanted = math.prod(shape)
                if labels is not None and shape[0] != labels[0]:
                    raise BadInput(
                        f"{path}: {plural(shape[0], 'image')}, but {plural(labels[0], 'label')} in {labels[1]}"
                    )
                if gzipped:
                    check_unpacked(wanted, packed, str(path))
                else:
                    _check_length(packed - handle.tell(), shape, str(path))
                array = read_at_most(handle, wanted)
                _check_length(len(array) + len(handle.read(1)), shape, str(path))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise BadInput(f"{path}: damaged gzip ({error}); download or copy it again") from error
    return array.reshape(shape)


def _header(handle: Readable, axes: int, where: str) -> tuple[int, ...]:
    """Returns the shape in the header. Raises: BadInput for another file type, an empty array and too many pixels."""
    header = handle.read(4 + 4 * axes)
    if header[:4] != bytes((0, 0, 8, axes)):
        raise BadInput(
            f"{where}: begins with {header[:4].hex() or 'nothing'}, not 0000080{axes}, so it is not an IDX file of "
            f"{'images' if axes == 3 else 'labels'} as bytes; download or copy it again"
        )
    if len(header) < 4 + 4 * axes:
        raise BadInput(f"{where}: truncated header; download or copy it again")
    shape = struct.unpack(f">{axes}I", header[4:])
    if 0 in shape:
        raise BadInput(f"{where}: its header states an empty array {'x'.join(map(str, shape))}; use another file")
    if axes == 3:
        check_pixels(shape[1], shape[2], where)
    return shape


def _check_length(length: int, shape: tuple[int, ...], where: str) -> None:
    """Raises BadInput if the file size differs from the size in the header."""
    wanted = math.prod(shape)
    if length != wanted:
        more = "more" if length > wanted else "fewer"
        raise BadInput(
            f"{where}: has {more} bytes than the {wanted} that its header states ({'x'.join(map(str, shape))}); "
            "download or copy it again"
        )
