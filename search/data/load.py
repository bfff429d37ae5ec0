"""Loads the data set that --data names: `sign-mnist`, `digits` or a path.

Without --data, this is Sign Language MNIST if it is on disk, otherwise scikit-learn's bundled digits. Returns Pictures
and a phrase that says why this data set was chosen.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from search.console.messages import one_line
from search.data import sign_mnist
from search.data.arrays import Arrays, checked
from search.data.assemble import assemble
from search.data.cache import cached, cached_groups, folder
from search.data.color import check_color
from search.data.csv_files import parse_csv
from search.data.formats import recognize
from search.data.given import Stored
from search.data.pictures import Pictures
from search.data.source import Source
from search.errors import BadInput

NAMED = ("sign-mnist", "digits")


def load_pictures(source: Source) -> tuple[Pictures, str]:
    """Returns the images and the reason for choosing them. Raises: BadInput."""
    try:
        if source.data in (None, *NAMED):
            return _named(source)
        return _own(Path(str(source.data)), source), "given by --data"
    except OSError as error:  # no permission, or a name that is too long
        raise BadInput(f"{str(error.filename)[:200]}: {error.strerror}") from error
    except MemoryError as error:
        reason = f" ({one_line(error)})" if str(error) else ""
        raise BadInput(f"{source.data}: not enough memory{reason}; use a smaller --size or fewer images") from error


def pictures_of_arrays(arrays: Mapping[str, Stored], source: Source, name: str = "arrays") -> Pictures:
    """Pictures from arrays in memory, with the names and the checks of the arrays in an .npz file.

    source: of its fields color, groups and similarity count. Raises: BadInput.
    """
    return assemble(name, name, checked(arrays, name), source, groups_by="groups")


def _named(source: Source) -> tuple[Pictures, str]:
    """Loads a data set by name."""
    source.refuse_shape()
    source.refuse_picture_flags("a named data set")
    source.refuse_groups("the named data sets", "remove it, or give 'none' to treat each image as a separate group")
    check_color(source.color, source.data or "without --data")
    if source.data == "digits":
        return _digits(source), "given by --data"
    found = sign_mnist.find([*_folders(source.data_dir), folder()])
    if source.data is None and found is None:
        why = "the bundled digits, because Sign Language MNIST is not on disk; --data sign-mnist downloads it"
        return _digits(source), why
    files = found or sign_mnist.download(folder())
    why = "found on disk" if source.data is None else "given by --data"
    options = f"sign-mnist {source.changes}"
    return cached(files, options, lambda: _sign_mnist(files, source)), f"{why}, {files[0].parent}"


def _own(path: Path, source: Source) -> Pictures:
    """Loads the user's images from a path."""
    if not path.exists():
        meant = get_close_matches(str(source.data).lower().replace("_", "-"), NAMED, n=1)
        hint = f"; did you mean {meant[0]}?" if meant else ""
        raise BadInput(f"{path}: no such file or folder, and no data set of that name ({', '.join(NAMED)}){hint}")
    if not path.is_file() and not path.is_dir():
        raise BadInput(f"{path}: neither a file nor a folder; give --data one of them")
    name = re.sub(r"[^\w.-]+", "-", re.sub(r"(\.csv)?\.\w+$", "", path.resolve().name)).strip(".-") or "data"
    kind = recognize(path, source)
    options = f"{kind.name} {path.resolve()} {source.changes}"  # group expressions match paths below this folder
    make = partial(assemble, name, str(path), source=source, groups_by=kind.groups_by)
    if kind.pixels_stay_on_disk:
        return make(kind.read(), remember=partial(cached_groups, kind.files, options))
    pictures = cached(kind.files, options, lambda: make(kind.read()))
    return replace(pictures, notes=kind.notes + pictures.notes)  # kind.notes are not cached: they describe the folder


def _folders(data_dir: Path | None) -> list[Path]:
    """Returns the folders of --data-dir and $CUTPOINTS_DATA. Raises: BadInput if one is not a folder."""
    folders = [Path(place) for place in (data_dir, os.environ.get("CUTPOINTS_DATA")) if place]
    for place in folders:
        if not place.is_dir():
            raise BadInput(f"{place}: no such folder; correct --data-dir or $CUTPOINTS_DATA")
    return folders


def _digits(source: Source) -> Pictures:
    bundled = load_digits()
    images = np.round(bundled.images * (255 / 16)).astype(np.uint8)  # 17 grey levels, 0..16
    return assemble("digits", "scikit-learn's digits", Arrays(images, bundled.target), source)


def _sign_mnist(files: list[Path], source: Source) -> Pictures:
    texts = sign_mnist.read(files)
    train, test = (parse_csv(texts[name], name, (28, 28)) for name in (sign_mnist.TRAIN, sign_mnist.TEST))
    letters = tuple(chr(ord("A") + number) for number in range(26))
    return assemble("sign-mnist", str(files[0].parent), Arrays(*train, *test, class_names=letters), source)
