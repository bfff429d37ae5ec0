"""Parquet as Hugging Face lays it out: a column of encoded pictures, `image`, and a column `label`.

Enters: a .parquet file, or a folder with `*train*.parquet` and perhaps `*test*.parquet`, also in `data/`. Leaves: grey
images and labels; class names from the Hugging Face metadata where it is there. Pictures are decoded batch by
batch; a picture that a table only names by its path has to lie below the table's folder.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from search.command import BadInput
from search.data.arrays import Arrays
from search.data.source import Source
from search.data.stack import stack

BATCH = 1000  # rows that are in memory at a time


@dataclass(frozen=True)
class Tables:
    """The parquet files of the training part and of the test part, which may have none."""

    train: list[Path]
    test: list[Path]

    @property
    def files(self) -> list[Path]:
        """All of them, training first."""
        return [*self.train, *self.test]


def find_parquet(path: Path) -> Tables | None:
    """None for a folder without parquet files. Raises: BadInput where none of them is for training."""
    if path.is_file():
        return Tables([path], [])
    files = sorted([*path.glob("*.parquet"), *path.glob("data/*.parquet")])
    train = [file for file in files if "train" in file.name.lower()]
    if files and not train:
        raise BadInput(f"{path}: none of its parquet files is called *train*.parquet; rename one, or name the file")
    test = [file for file in files if "test" in file.name.lower() and file not in train]
    return Tables(train, test) if files else None


def named_pictures(tables: Tables) -> list[Path]:
    """The picture files that tables name instead of holding their bytes: the cache has to know them too."""
    found: list[Path] = []
    for file in tables.files:
        with _open(file) as table:
            groups = [table.metadata.row_group(i) for i in range(table.metadata.num_row_groups)]
            columns = [group.column(i) for group in groups for i in range(group.num_columns)]
            held = [c.statistics for c in columns if c.path_in_schema in ("image.bytes", "image")]
            if not held or any(statistics is None or statistics.null_count != 0 for statistics in held):
                for batch in table.iter_batches(BATCH, columns=["image.path"]):
                    rows = batch.column(0).to_pylist() if batch.num_columns else []
                    paths = [row["path"] for row in rows if row and row["path"]]
                    found += [place for each in paths if (place := file.parent / each).is_file()]
    return found


def read_parquet(path: Path, tables: Tables, source: Source) -> Arrays:
    """Raises: BadInput for a missing pyarrow, other columns, missing or unfit labels, and bad pictures."""
    with ExitStack() as opened:
        opened_tables = [(opened.enter_context(_open(file)), file) for file in tables.files]
        names = _class_names(opened_tables[0][0])
        labels = [_labels(table, file) for table, file in opened_tables]
        if len({each.dtype.kind for each in labels}) > 1:
            raise BadInput(f"{path}: labels are numbers in one file and text in another; write them alike")
        pictures = (item for table, file in opened_tables for item in _pictures(table, file))
        read = stack(pictures, sum(map(len, labels)), source, str(path))
    kept = np.concatenate(labels)[read.kept]
    training = int(np.searchsorted(read.kept, sum(map(len, labels[: len(tables.train)]))))
    if training == 0:
        raise BadInput(f"{path}: no picture to train on; add some")
    return Arrays(
        read.images[:training],
        kept[:training],
        read.images[training:] if tables.test else None,
        kept[training:] if tables.test else None,
        class_names=names if kept.dtype.kind == "i" else None,
        preprocessing=read.preprocessing,
        notes=read.notes,
    )


def _open(file: Path) -> Any:
    """A pyarrow.parquet.ParquetFile that has the two columns."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise BadInput(f"{file}: parquet files need pyarrow: pip install 'cutpoints[parquet]'") from error
    try:
        table = parquet.ParquetFile(file)
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(file, error) from error
    for column in ("image", "label"):
        if column not in table.schema_arrow.names:
            found = ", ".join(table.schema_arrow.names)
            table.close()
            raise BadInput(f"{file}: no column {column!r}, only {found}; rename one")
    if table.metadata.num_rows == 0:
        table.close()
        raise BadInput(f"{file}: no rows; add pictures or remove the file")
    return table


def _damaged(file: Path, error: Exception) -> BadInput:
    reason = " ".join(str(error).split())[:100]
    return BadInput(f"{file}: no parquet file, or a damaged one ({reason}); download or copy it again")


def _class_names(table: Any) -> tuple[str, ...] | None:
    """What the Hugging Face metadata in the schema calls the classes, if it does."""
    try:
        info = json.loads((table.schema_arrow.metadata or {})[b"huggingface"])
        return tuple(map(str, info["info"]["features"]["label"]["names"]))
    except (KeyError, TypeError, ValueError):  # no metadata, or none of a class label
        return None


def _labels(table: Any, file: Path) -> npt.NDArray[np.generic]:
    """Labels (N,) as int64 or text. Raises: BadInput."""
    import pyarrow

    try:
        values = table.read(columns=["label"]).column("label").to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(file, error) from error
    if None in values:
        raise BadInput(f"{file}: row {values.index(None)}: the label is missing; fill it in or leave the row out")
    kinds = {type(value) for value in values}
    if kinds not in ({int}, {str}):
        raise BadInput(f"{file}: labels such as {values[0]!r}; use whole numbers or text")
    return np.array(values, dtype=np.int64 if kinds == {int} else None)


def _pictures(table: Any, file: Path) -> Iterator[tuple[str, Path | bytes]]:
    """Each row's picture, encoded, with a name for it."""
    import pyarrow

    row = 0
    batches = table.iter_batches(BATCH, columns=["image"])
    while True:
        try:
            batch = next(batches, None)
        except (pyarrow.ArrowException, OSError) as error:
            raise _damaged(file, error) from error
        if batch is None:
            return
        for value in batch.column(0).to_pylist():
            held = value.get("bytes") if isinstance(value, dict) else value
            named = value.get("path") if isinstance(value, dict) else None
            where = f"{file}, row {row}"
            if isinstance(held, bytes) or named is None:
                if not isinstance(held, bytes | None):
                    raise BadInput(f"{where}: the image is {type(held).__name__}, not an encoded picture's bytes")
                yield where, held or b""
            else:
                yield f"{where}, {named}", _below(file, named, where)
            row += 1


def _below(file: Path, named: str, where: str) -> Path:
    """The picture that a table names. Raises: BadInput where it leads out of the table's folder."""
    place = (file.parent / named).resolve()
    if not place.is_relative_to(file.parent.resolve()):
        raise BadInput(f"{where}: {named} does not lie below {file.parent}; put the picture's bytes into the table")
    return place
