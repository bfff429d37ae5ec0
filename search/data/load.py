"""From what the user says after --data to pictures with photo groups.

`sign-mnist`, `digits` or a path; nothing at all is Sign Language MNIST when it is on disk, otherwise
scikit-learn's digits, which are bundled. Leaves: Pictures and one sentence that says which and why.
"""

import os
import re
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from search.command import BadInput
from search.data import sign_mnist
from search.data.arrays import Arrays
from search.data.assemble import assemble
from search.data.cache import cached, cached_groups, folder
from search.data.color import check_colour
from search.data.csv_files import parse_csv
from search.data.formats import recognize
from search.data.pictures import Pictures
from search.data.source import Source

NAMED = ("sign-mnist", "digits")


def load_pictures(source: Source) -> tuple[Pictures, str]:
    """Pictures, and why these. Raises: BadInput."""
    try:
        if source.data in (None, *NAMED):
            return _named(source)
        return _own(Path(str(source.data)), source), "asked for by --data"
    except OSError as error:  # no permission, a name that is too long
        raise BadInput(f"{str(error.filename)[:200]}: {error.strerror}") from error
    except MemoryError as error:
        raise BadInput(f"{source.data}: {error}; take a smaller --size or fewer pictures") from error


def _named(source: Source) -> tuple[Pictures, str]:
    """A set that has a name."""
    source.refuse_shape()
    source.refuse_picture_flags("a named data set")
    check_colour(source.color, source.data or "without --data")
    if source.data == "digits":
        return _digits(), "asked for by --data"
    found = sign_mnist.find([*_folders(source.data_dir), folder()])
    if source.data is None and found is None:
        return _digits(), "Sign Language MNIST is not on disk, so scikit-learn's digits; --data sign-mnist fetches it"
    files = found or sign_mnist.download(folder())
    why = "found on disk" if source.data is None else "asked for by --data"
    return cached(files, "sign-mnist", lambda: _sign_mnist(files)), f"{why}, {files[0].parent}"


def _own(path: Path, source: Source) -> Pictures:
    """The user's own pictures."""
    if not path.exists():
        meant = get_close_matches(str(source.data).lower().replace("_", "-"), NAMED, n=1)
        hint = f"; did you mean {meant[0]}?" if meant else ""
        raise BadInput(f"{path}: no such file or folder, and no data set of that name ({', '.join(NAMED)}){hint}")
    if not path.is_file() and not path.is_dir():
        raise BadInput(f"{path}: neither a file nor a folder")
    name = re.sub(r"[^\w.-]+", "-", re.sub(r"(\.csv)?\.\w+$", "", path.resolve().name)).strip(".-") or "data"
    kind = recognize(path, source)
    options = f"{kind.name} {source.changes}"
    if kind.pixels_stay_on_disk:
        return assemble(name, str(path), kind.read(), source.color, partial(cached_groups, kind.files, options))
    pictures = cached(kind.files, options, lambda: assemble(name, str(path), kind.read(), source.color))
    return replace(pictures, notes=kind.notes + pictures.notes)  # of the place as it is now, cached or not


def _folders(data_dir: Path | None) -> list[Path]:
    """Where the user says that data lie. Raises: BadInput for a place that is no folder."""
    folders = [Path(place) for place in (data_dir, os.environ.get("CUTPOINTS_DATA")) if place]
    for place in folders:
        if not place.is_dir():
            raise BadInput(f"{place}: no such folder (--data-dir or $CUTPOINTS_DATA)")
    return folders


def _digits() -> Pictures:
    bundled = load_digits()
    images = np.round(bundled.images * (255 / 16)).astype(np.uint8)  # 17 grey levels, 0..16
    return assemble("digits", "scikit-learn's digits", Arrays(images, bundled.target))


def _sign_mnist(files: list[Path]) -> Pictures:
    texts = sign_mnist.read(files)
    train, test = (parse_csv(texts[name], name, (28, 28)) for name in (sign_mnist.TRAIN, sign_mnist.TEST))
    letters = tuple(chr(ord("A") + number) for number in range(26))
    return assemble("sign-mnist", str(files[0].parent), Arrays(*train, *test, class_names=letters))
