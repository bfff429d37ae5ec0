"""Parquet files in Hugging Face's layout: a column `image` of encoded images and a column `label`.

Takes a .parquet file, or a folder with `*train*.parquet` and optionally `*test*.parquet`, also in `data/`. Returns
images and labels, with class names from the Hugging Face metadata if present. Pictures are decoded batch by batch. A
image that a table refers to by path has to lie below the table's folder.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from search.console.messages import listed, plural
from search.data.arrays import Arrays, check_class_names
from search.data.bounded import check_unpacked
from search.data.folder_parts import KINDS, NAME, TEST, TRAIN
from search.data.labels import classes_of, text_array
from search.data.parquet_columns import batches, column_of, damaged, groups_of
from search.data.source import Source
from search.data.stack import stack
from search.errors import BadInput

SHOWN = 80  # characters of a path in a message
LONGEST_PATH, LONGEST_NAME = 1000, 255  # characters of a path, bytes of a file or folder name
WORD = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")  # whole words of file names, so that "latest" is not a test part
OF_LABEL = 64  # bytes in memory per label


@dataclass(frozen=True)
class Tables:
    """The parquet files of the training set, of the test set (may be empty), and those that are not read."""

    train: list[Path]
    test: list[Path]
    unread: list[Path] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """All files that are read, training files first."""
        return [*self.train, *self.test]

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages about the files that are not read."""
        if not self.unread:
            return ()
        files = plural(len(self.unread), "parquet file")
        names = listed(list(map(str, self.unread)))
        return (f"{files} not read, because the name contains neither train nor test: {names}",)


def find_parquet(path: Path) -> Tables | None:
    """Returns the parquet files at a path, or None for a folder without training files."""
    if path.is_file():
        return Tables([path], [])
    files = sorted([*path.glob("*.parquet"), *path.glob("data/*.parquet")])
    words = {file: [NAME.fullmatch(word) for word in WORD.findall(file.stem)] for file in files}
    kinds = {file: {KINDS[match["kind"].lower()] for match in words[file] if match} for file in files}
    train = [file for file in files if TRAIN in kinds[file]]
    test = [file for file in files if TEST in kinds[file] and file not in train]
    return Tables(train, test, [file for file in files if file not in (*train, *test)]) if train else None


def named_pictures(tables: Tables) -> list[Path]:
    """Returns the image files that tables refer to by path; the cache depends on them too."""
    found: list[Path] = []
    for file in tables.files:
        with _open(file) as table:
            columns = [group.column(i) for group in _row_groups(table) for i in range(group.num_columns)]
            held = [c.statistics for c in columns if c.path_in_schema in ("image.bytes", "image")]
            if not held or any(statistics is None or statistics.null_count != 0 for statistics in held):
                rows = (row for batch in batches(table, file, "image.path") for row in batch)
                places = (_place(file, row["path"]) for row in rows if isinstance(row, dict))
                found += [place for place in places if place is not None and place.is_file()]
    return found


def read_parquet(path: Path, tables: Tables, source: Source) -> Arrays:
    """Reads the tables. Raises: BadInput for a missing pyarrow or column, invalid labels, and bad images."""
    with ExitStack() as opened:
        opened_tables = [(opened.enter_context(_open(file)), file) for file in tables.files]
        names = _class_names(opened_tables[0][0])
        labels = [column_of(table, file, "label") for table, file in opened_tables]
        if len({each.dtype.kind for each in labels}) > 1:
            raise BadInput(f"{path}: labels are numbers in one file and text in another; use one type for all")
        if names is not None and labels[0].dtype.kind == "i":
            names = check_class_names(text_array(names, f"{path}: class names"), labels[0], str(path))
        else:
            names = None
        test_labels = np.concatenate(labels[len(tables.train) :]) if tables.test else None
        classes_of(np.concatenate(labels[: len(tables.train)]), test_labels, names, str(path))
        given = groups_of(opened_tables, labels, source)
        tables_with_labels = zip(opened_tables, labels, strict=True)
        pictures = (item for (table, file), each in tables_with_labels for item in _pictures(table, file, len(each)))
        read = stack(pictures, sum(map(len, labels)), source, str(path))
    kept = np.concatenate(labels)[read.kept]
    training = int(np.searchsorted(read.kept, sum(map(len, labels[: len(tables.train)]))))
    if training == 0:
        raise BadInput(f"{path}: no images to train on; add some")
    groups = None if given.numbers is None else given.numbers[read.kept]
    return Arrays(
        read.images[:training],
        kept[:training],
        read.images[training:] if tables.test else None,
        kept[training:] if tables.test else None,
        None if groups is None else groups[:training],
        groups[training:] if tables.test and groups is not None else None,
        names,
        preprocessing=read.preprocessing,
        notes=read.notes + given.notes,
    )


def _open(file: Path) -> Any:
    """Opens a pyarrow.parquet.ParquetFile and checks its columns. Raises: BadInput."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise BadInput(f"{file}: parquet files need pyarrow; run pip install 'cutpoints[parquet]'") from error
    try:
        table = parquet.ParquetFile(file)
    except (pyarrow.ArrowException, OSError) as error:
        raise damaged(file, error) from error
    try:
        _check_columns(table, file)
    except BadInput:
        table.close()
        raise
    return table


def _check_columns(table: Any, file: Path) -> None:
    """Raises BadInput if a table lacks a column or rows, or expands to far more than the file's size."""
    columns = table.schema_arrow.names
    for column in ("image", "label"):
        if columns.count(column) != 1:
            found = f"no column {column!r}, only {listed(columns)}; rename one"
            raise BadInput(f"{file}: {f'two columns {column!r}; remove one' if column in columns else found}")
    rows = table.metadata.num_rows
    if rows <= 0:
        raise BadInput(f"{file}: no rows; add images or remove the file")
    largest = max((group.total_byte_size for group in _row_groups(table)), default=0)
    check_unpacked(max(rows * OF_LABEL, largest), file.stat().st_size, str(file))


def _row_groups(table: Any) -> list[Any]:
    """Returns the metadata of each row group."""
    return [table.metadata.row_group(i) for i in range(table.metadata.num_row_groups)]


def _class_names(table: Any) -> tuple[str, ...] | None:
    """Returns the class names in the schema's Hugging Face metadata, or None."""
    try:
        info = json.loads((table.schema_arrow.metadata or {})[b"huggingface"])
        names = info["info"]["features"]["label"]["names"]
        return tuple(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else None
    except (KeyError, TypeError, ValueError, RecursionError):  # no metadata, or no class label in it
        return None


def _pictures(table: Any, file: Path, labels: int) -> Iterator[tuple[str, Path | bytes]]:
    """Yields each row's encoded image with a name for messages. Raises: BadInput unless there is one per label."""
    row = 0
    for batch in batches(table, file, "image"):
        if row + len(batch) > labels:
            break
        for value in batch:
            held = value.get("bytes") if isinstance(value, dict) else value
            named = value.get("path") if isinstance(value, dict) else None
            where = f"{file}, row {row}"
            if isinstance(held, bytes) or named is None:
                if not isinstance(held, bytes | None):
                    raise BadInput(f"{where}: the image is {type(held).__name__}, not an encoded image's bytes")
                yield where, held or b""
            else:
                place = _below(file, named, where)
                yield f"{where}, {named if len(named) <= SHOWN else f'…{named[-SHOWN:]}'}", place
            row += 1
    if row != labels:
        raise damaged(file, ValueError(f"a number of images other than the {labels} labels"))


def _place(file: Path, named: object) -> Path | None:
    """Returns the absolute path of an image that a table refers to; None for an impossible file name."""
    if not isinstance(named, str) or not named.isprintable() or len(named) > LONGEST_PATH:
        return None
    if any(len(part.encode()) > LONGEST_NAME for part in named.split("/")):
        return None
    return Path(os.path.realpath(file.parent / named))


def _below(file: Path, named: object, where: str) -> Path:
    """Returns the path of an image that a table refers to. Raises: BadInput if it is outside the table's folder."""
    place = _place(file, named)
    if place is None:
        raise BadInput(f"{where}: {str(named)[:40]!r} is not a valid file name; store the image's bytes in the table")
    if not place.is_relative_to(file.parent.resolve()):
        raise BadInput(f"{where}: {named} is not below {file.parent}; store the image's bytes in the table")
    if place.exists() and not place.is_file():  # reading a pipe would block forever
        raise BadInput(f"{where}: {named} is not a file; store the image's bytes in the table")
    return place
