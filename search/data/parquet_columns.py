"""Columns of parquet tables beside the pictures: labels, and what tells which pictures belong together.

Enters: open tables with their files. Leaves: labels (N,), and group numbers (N,) over all tables. Columns are read as a
whole; pictures are not touched.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from search.data.bounded import check_unpacked
from search.data.folder_parts import below_part
from search.data.given import captured, numbers_of, refuse_unknown_column, refuse_unmatched
from search.data.hints import hint_of_column, hint_of_paths, note_on_classes
from search.data.labels import LARGEST, check_name
from search.data.source import Source
from search.errors import BadInput

ROWS, IN_MEMORY = 1 << 16, 1 << 27  # rows of a column, and about the bytes of them, that are in memory at a time
LONGEST_HINT = 1000  # characters of a value or path that may say which pictures belong together
OF_CHARACTER = 4  # bytes in an array of text
EXPRESSION = re.compile(r"[\\()\[\]*+?^$|]")  # what an expression has and a column's name has not
TAKEN = ("image", "label")
Values = npt.NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Given:
    """Group numbers (N,) of all pictures, None where nothing says them; and what the user should hear."""

    numbers: npt.NDArray[np.int64] | None
    notes: tuple[str, ...] = ()


def damaged(file: Path, error: Exception) -> BadInput:
    """The complaint about a file that pyarrow cannot read."""
    reason = " ".join(str(error).split())[:100]
    return BadInput(f"{file}: no parquet file, or a damaged one ({reason}); download or copy it again")


def batches(table: Any, file: Path, column: str) -> Iterator[list[Any]]:
    """The values of a column, some rows at a time; empty where there is no such column.

    A value that is stored once may come in every row: as many rows are read at a time as would have about IN_MEMORY
    bytes if each had all that is stored. Raises: BadInput, also where all rows are far larger than the file.
    """
    import pyarrow

    packed, unpacked = file.stat().st_size, 0
    found = table.iter_batches(
        max(1, min(ROWS, IN_MEMORY // _stored(table, column))), columns=[column], use_threads=False
    )
    while True:
        try:
            batch = next(found, None)
            values = batch.column(0).to_pylist() if batch is not None and batch.num_columns else []
        except MemoryError:  # pyarrow's is an ArrowException too
            raise
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
            raise damaged(file, error) from error
        if batch is None:
            return
        unpacked += sum(map(_size, values))
        check_unpacked(unpacked, packed, str(file))
        yield values


def column_of(table: Any, file: Path, column: str) -> Values:
    """Values (N,) as int64 or text. Raises: BadInput."""
    values: list[Any] = []
    known: dict[str, str] = {}  # equal names are one object
    longest = 0
    for batch in batches(table, file, column):
        if None in batch:
            row = len(values) + batch.index(None)
            raise BadInput(f"{file}: row {row}: the {column} is missing; fill it in or leave the row out")
        unfit = next((value for value in batch if type(value) not in (int, str)), None)
        if unfit is not None or len({type(value) for value in (*values[:1], *batch)}) > 1:
            shown = batch[0] if unfit is None else unfit
            raise BadInput(f"{file}: {column}s such as {repr(shown)[:40]}; use whole numbers or text")
        if isinstance(batch[0], str):
            for name in set(batch) - known.keys():
                check_name(name, str(file))
                known[name] = name
                longest = max(longest, len(name))
            batch = [known[name] for name in batch]
        values += batch
        check_unpacked(OF_CHARACTER * longest * len(values), file.stat().st_size, str(file))
    if known:
        return np.array(values, dtype=np.str_)
    if max(values) > LARGEST:
        raise BadInput(f"{file}: {column} {max(values)}; use whole numbers up to {LARGEST}, or text")
    return np.array(values, dtype=np.int64)


def _stored(table: Any, column: str) -> int:
    """Bytes of a column in the row group with most of them: unpacked, but each value as often as it is stored."""
    most = 1
    for i in range(table.metadata.num_row_groups):
        group = table.metadata.row_group(i)
        chunks = [group.column(j) for j in range(group.num_columns)]
        of_column = [each for each in chunks if f"{each.path_in_schema}.".startswith(f"{column}.")]
        most = max(most, sum(each.total_uncompressed_size for each in of_column))
    return most


def _size(value: Any) -> int:
    """About the bytes that a value has once it is read."""
    if isinstance(value, bytes | str):
        return len(value)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(_size, inner))


def groups_of(tables: Sequence[tuple[Any, Path]], labels: Sequence[Values], source: Source) -> Given:
    """The groups that --groups names: by a column of that name, otherwise by an expression for the pictures' paths.

    Raises: BadInput.
    """
    classes = np.concatenate(labels).tolist()
    if source.groups is None:
        return Given(None, _hints(tables, [label for each in labels for label in each[:ROWS].tolist()]))
    if (said := source.given_by) is None:
        return Given(None)
    if any(said in table.schema_arrow.names for table, _ in tables) or not EXPRESSION.search(said):
        for table, file in tables:
            names = table.schema_arrow.names
            refuse_unknown_column(said, names, names, str(file), TAKEN)
            if names.count(said) > 1:
                raise BadInput(f"{file}: two columns {said!r}; leave one")
        columns = [column_of(table, file, said) for table, file in tables]
        if len({each.dtype.kind for each in columns}) > 1:
            raise BadInput(f"{tables[0][1].parent}: {said} is a number in one file and text in another; write it alike")
        return Given(numbers_of(np.concatenate(columns).tolist()))
    captured(said, [])  # is complained of before paths are read
    paths: list[str] = []
    for table, file in tables:
        of_table = _paths(table, file)
        if None in of_table:
            raise BadInput(
                f"{file}, row {of_table.index(None)}: no path that --groups could match; name a column that says "
                "which pictures belong together"
            )
        paths += below_part([str(path) for path in of_table])
    found = captured(said, paths)
    refuse_unmatched(said, found, paths)
    return Given(numbers_of(found), note_on_classes(said, found, paths, classes))


def _values(table: Any, file: Path, column: str) -> list[Any]:
    return [value for batch in batches(table, file, column) for value in batch]


def _paths(table: Any, file: Path) -> list[str | None]:
    """The path that each row names, as it stands there; None where it names none."""
    return _paths_in(_values(table, file, "image.path")) or [None] * table.metadata.num_rows


def _paths_in(rows: Sequence[Any]) -> list[str | None]:
    paths = [row.get("path") if isinstance(row, dict) else None for row in rows]
    return [path if isinstance(path, str) else None for path in paths]


def _first(table: Any, file: Path, column: str) -> list[Any]:
    """The values of a table's first rows; empty where there is no such column, or where it holds long texts."""
    values: list[Any] = []
    for batch in batches(table, file, column):
        if any(len(value) > LONGEST_HINT for value in batch if isinstance(value, str)):
            return []
        values += batch[: ROWS - len(values)]
        if len(values) == ROWS:
            break
    return values


def _hints(tables: Sequence[tuple[Any, Path]], classes: list[object]) -> tuple[str, ...]:
    """The name of a column that tells groups, or how the paths tell them, by the first rows of each table."""
    import pyarrow

    simple = (pyarrow.types.is_integer, pyarrow.types.is_string, pyarrow.types.is_large_string)
    schemas = [table.schema_arrow for table, _ in tables]
    for field in schemas[0]:
        everywhere = all(schema.names.count(field.name) == 1 for schema in schemas)
        if field.name not in TAKEN and everywhere and any(is_of(field.type) for is_of in simple):
            values = [value for table, file in tables for value in _first(table, file, field.name)]
            if len(values) == len(classes) and (hint := hint_of_column(field.name, values, classes)):
                return hint
    of_tables = [_paths_in(_first(table, file, "image.path")) for table, file in tables]
    if any(None in paths for paths in of_tables) or sum(map(len, of_tables)) != len(classes):
        return ()
    return hint_of_paths([path for paths in of_tables for path in below_part([str(each) for each in paths])], classes)
