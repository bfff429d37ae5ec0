"""From what the user says after --data to pictures with photo groups.

`sign-mnist`, `digits` or a path; nothing at all is Sign Language MNIST when it is on disk, otherwise
scikit-learn's digits, which are bundled. Leaves: Pictures and one sentence that says which and why.
"""

import os
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits

from search.command import BadInput
from search.data import sign_mnist
from search.data.cache import cached, folder
from search.data.csv_files import parse_csv, read_bytes
from search.data.groups import near_copies, photo_groups
from search.data.npz_files import read_npz
from search.data.pictures import SMALLEST_SIDE, Part, Pictures

Raw = tuple[npt.NDArray[np.uint8], npt.NDArray[np.generic]]


def load_pictures(data: str | None, data_dir: Path | None, shape: str | None) -> tuple[Pictures, str]:
    """Pictures, and why these. Raises: BadInput."""
    try:
        return _load(data, data_dir, shape)
    except OSError as error:  # no permission, a name that is too long
        raise BadInput(f"{str(error.filename)[:200]}: {error.strerror}") from error


def _load(data: str | None, data_dir: Path | None, shape: str | None) -> tuple[Pictures, str]:
    size = parse_shape(shape)
    named = data in (None, "digits", "sign-mnist")
    if size is not None and (named or str(data).lower().endswith(".npz")):
        raise BadInput(f"--shape {shape}: only pictures in a CSV need it; leave it out")
    if data == "digits":
        return _digits(), "asked for by --data"
    if named:
        found = sign_mnist.find([*_folders(data_dir), folder()])
        if data is None and found is None:
            why = "Sign Language MNIST is not on disk, so scikit-learn's digits; --data sign-mnist fetches it"
            return _digits(), why
        files = found or sign_mnist.download(folder())
        why = "found on disk" if data is None else "asked for by --data"
        return cached(files, "sign-mnist", lambda: _sign_mnist(files)), f"{why}, {files[0].parent}"
    assert data is not None
    path = Path(data)
    if not path.exists():
        raise BadInput(f"{path}: no such file or folder, and no data set of that name (sign-mnist, digits)")
    if not path.is_file() and not path.is_dir():
        raise BadInput(f"{path}: neither a file nor a folder")
    files = _train_and_test(path) if path.is_dir() else [path]
    return cached(files, f"path {size}", lambda: _own(path, files, size)), "asked for by --data"


def _folders(data_dir: Path | None) -> list[Path]:
    """Where the user says that data lie. Raises: BadInput for a place that is no folder."""
    folders = [Path(place) for place in (data_dir, os.environ.get("CUTPOINTS_DATA")) if place]
    for place in folders:
        if not place.is_dir():
            raise BadInput(f"{place}: no such folder (--data-dir or $CUTPOINTS_DATA)")
    return folders


def parse_shape(text: str | None) -> tuple[int, int] | None:
    """HEIGHTxWIDTH to numbers. Raises: BadInput."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text)
    if match is None:
        raise BadInput(f"--shape {text}: expected HEIGHTxWIDTH, for instance 28x28")
    return int(match[1]), int(match[2])


def _digits() -> Pictures:
    bundled = load_digits()
    images = np.round(bundled.images * (255 / 16)).astype(np.uint8)  # 17 grey levels, 0..16
    return assemble("digits", "scikit-learn's digits", (images, bundled.target), None)


def _sign_mnist(files: list[Path]) -> Pictures:
    texts = sign_mnist.read(files)
    train, test = (parse_csv(texts[name], name, (28, 28)) for name in (sign_mnist.TRAIN, sign_mnist.TEST))
    letters = tuple(chr(ord("A") + int(label)) for label in np.unique(train[1]))
    return assemble("sign-mnist", str(files[0].parent), train, test, letters)


def _train_and_test(path: Path) -> list[Path]:
    """The `*_train.csv` and `*_test.csv` of a folder, or the same in .zip."""
    found = {
        part: sorted(path.glob(f"*_{part}.csv")) or sorted(path.glob(f"*_{part}.csv.zip")) for part in ("train", "test")
    }
    for part, files in found.items():
        if len(files) != 1:
            names = f"it has {', '.join(f.name for f in files)}" if files else "it has none"
            raise BadInput(f"{path}: needs one file *_{part}.csv (or .csv.zip); {names}")
    return [found["train"][0], found["test"][0]]


def _own(path: Path, files: list[Path], shape: tuple[int, int] | None) -> Pictures:
    name = re.sub(r"[^\w.-]+", "-", re.sub(r"(\.csv)?\.\w+$", "", path.resolve().name)).strip(".-") or "data"
    if path.suffix.lower() == ".npz":
        arrays = read_npz(path)
        test = (
            None
            if arrays.test_images is None or arrays.test_labels is None
            else (arrays.test_images, arrays.test_labels)
        )
        class_names = None if arrays.class_names is None else _present(arrays.class_names, arrays.labels, path)
        return assemble(name, str(path), (arrays.images, arrays.labels), test, class_names, arrays.groups)
    if path.is_file() and path.suffix.lower() not in (".csv", ".zip"):
        raise BadInput(f"{path}: not a .csv, .zip or .npz file, nor a folder with *_train.csv and *_test.csv")
    texts = {
        f"{file}" if len(read) == 1 else f"{file}/{csv}": text
        for file in files
        for read in [read_bytes(file)]
        for csv, text in read.items()
    }
    tables = {where: parse_csv(text, where, shape) for where, text in texts.items()}
    if len(tables) == 1:
        return assemble(name, str(path), next(iter(tables.values())), None)
    parts = {part: [t for where, t in tables.items() if f"_{part}.csv" in where] for part in ("train", "test")}
    if len(tables) != 2 or any(len(found) != 1 for found in parts.values()):
        raise BadInput(
            f"{path}: holds {', '.join(map(str, tables))}; expected one CSV, or one *_train.csv and one *_test.csv"
        )
    return assemble(name, str(path), parts["train"][0], parts["test"][0])


def _present(class_names: tuple[str, ...], labels: npt.NDArray[np.generic], path: Path) -> tuple[str, ...]:
    """The names of the classes that have pictures; labels are indices into the names."""
    values = [int(value) for value in np.unique(labels)]
    if values[0] < 0 or values[-1] >= len(class_names):
        raise BadInput(
            f"{path}: labels {values[0]}..{values[-1]} do not fit {len(class_names)} class_names, which count from 0"
        )
    return tuple(class_names[value] for value in values)


def assemble(
    name: str,
    origin: str,
    train: Raw,
    test: Raw | None,
    class_names: tuple[str, ...] | None = None,
    given_groups: npt.NDArray[np.int64] | None = None,
) -> Pictures:
    """Raw labels to class indices, photo groups, and the checks that need the whole.

    class_names: of the labels that occur, in their order; by default the labels themselves.
    Raises: BadInput.
    """
    images, raw = train
    if min(images.shape[1:]) < SMALLEST_SIDE:
        raise BadInput(
            f"{origin}: pictures of {images.shape[1]}x{images.shape[2]}; at least {SMALLEST_SIDE} pixels a side needed"
        )
    if test is not None and test[0].shape[1:] != images.shape[1:]:
        raise BadInput(
            f"{origin}: training pictures are {images.shape[1:]}, test pictures {test[0].shape[1:]}; resize them"
        )
    values = np.unique(raw)
    class_names = class_names or tuple(map(str, values))
    labels = np.searchsorted(values, raw).astype(np.int64)
    part = Part(images, labels, photo_groups(images, labels, given_groups))
    if test is None:
        return Pictures(name, origin, class_names, part, None)
    unknown = np.setdiff1d(test[1], values)
    if len(unknown):
        raise BadInput(f"{origin}: the test set has label {unknown[0]}, which no training picture has; remove it")
    test_labels = np.searchsorted(values, test[1]).astype(np.int64)
    test_part = Part(test[0], test_labels, photo_groups(test[0], test_labels))
    copies = int(near_copies(test[0], test_labels, images, labels).sum())
    return Pictures(name, origin, class_names, part, test_part, copies)
