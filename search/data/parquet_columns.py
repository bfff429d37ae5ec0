"""Label and group columns of parquet tables.

Takes open tables with their files. Returns labels (N,) and group numbers (N,) over all tables. Columns are read as a
whole; images are not read.
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

ROWS, IN_MEMORY = 1 << 16, 1 << 27  # rows of a column, and their approximate bytes, in memory at a time
LONGEST_HINT = 1000  # characters of a value or path that is considered as a group name
OF_CHARACTER = 4  # bytes per character in a NumPy array of text
EXPRESSION = re.compile(r"[\\()\[\]*+?^$|]")  # characters that distinguish a regular expression from a column name
TAKEN = ("image", "label")
Values = npt.NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Given:
    """Group numbers (N,) of all images, or None if no groups are given, and messages to the user."""

    numbers: npt.NDArray[np.int64] | None
    notes: tuple[str, ...] = ()


def damaged(file: Path, error: Exception) -> BadInput:
    """Returns the error for a file that pyarrow cannot read."""
    reason = " ".join(str(error).split())[:100]
    return BadInput(f"{file}: not a parquet file, or damaged ({reason}); download or copy it again")


def batches(table: Any, file: Path, column: str) -> Iterator[list[Any]]:
    """Yields the values of a column in batches of rows; yields nothing if there is no such column.

    A dictionary-encoded value can recur in every row. The batch size keeps a batch near IN_MEMORY bytes even if each
    row held all stored bytes of the column. Raises: BadInput, also if all rows are far larger than the file.
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
        except MemoryError:  # pyarrow's MemoryError is also an ArrowException
            raise
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
            raise damaged(file, error) from error
        if batch is None:
            return
        unpacked += sum(map(_size, values))
        check_unpacked(unpacked, packed, str(file))
        yield values


def column_of(table: Any, file: Path, column: str) -> Values:
    """Reads a column (N,) as int64 or text. Raises: BadInput for missing values and other types."""
    values: list[Any] = []
    known: dict[str, str] = {}  # equal names share one object
    longest = 0
    for batch in batches(table, file, column):
        if None in batch:
            row = len(values) + batch.index(None)
            raise BadInput(f"{file}: row {row}: the {column} is missing; fill it in or remove the row")
        unfit = next((value for value in batch if type(value) not in (int, str)), None)
        if unfit is not None or len({type(value) for value in (*values[:1], *batch)}) > 1:
            shown = batch[0] if unfit is None else unfit
            raise BadInput(f"{file}: {column}s such as {repr(shown)[:40]} are not allowed; use integers or text")
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
        raise BadInput(f"{file}: {column} {max(values)} is too large; use integers up to {LARGEST}, or text")
    return np.array(values, dtype=np.int64)


def _stored(table: Any, column: str) -> int:
    """Returns the uncompressed bytes of a column in its largest row group; a recurring value counts once."""
    most = 1
    for i in range(table.metadata.num_row_groups):
        group = table.metadata.row_group(i)
        chunks = [group.column(j) for j in range(group.num_columns)]
        of_column = [each for each in chunks if f"{each.path_in_schema}.".startswith(f"{column}.")]
        most = max(most, sum(each.total_uncompressed_size for each in of_column))
    return most


def _size(value: Any) -> int:
    """Returns the approximate size of a value in bytes."""
    if isinstance(value, bytes | str):
        return len(value)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(_size, inner))


def groups_of(tables: Sequence[tuple[Any, Path]], labels: Sequence[Values], source: Source) -> Given:
    """Returns the groups given by --groups: from a column of that name, or by a regular expression on the paths.

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
                raise BadInput(f"{file}: two columns are called {said!r}; remove one")
        columns = [column_of(table, file, said) for table, file in tables]
        if len({each.dtype.kind for each in columns}) > 1:
            raise BadInput(f"{tables[0][1].parent}: {said} is a number in one file and text in another; use one type")
        return Given(numbers_of(np.concatenate(columns).tolist()))
    captured(said, [])  # checks the expression before paths are read
    paths: list[str] = []
    for table, file in tables:
        of_table = _paths(table, file)
        if None in of_table:
            raise BadInput(
                f"{file}, row {of_table.index(None)}: no path for the expression of --groups; give a group column "
                "instead"
            )
        paths += below_part([str(path) for path in of_table])
    found = captured(said, paths)
    refuse_unmatched(said, found, paths)
    return Given(numbers_of(found), note_on_classes(said, found, paths, classes))


def _values(table: Any, file: Path, column: str) -> list[Any]:
    return [value for batch in batches(table, file, column) for value in batch]


def _paths(table: Any, file: Path) -> list[str | None]:
    """Returns the image path in each row, or None for rows without one."""
    return _paths_in(_values(table, file, "image.path")) or [None] * table.metadata.num_rows


def _paths_in(rows: Sequence[Any]) -> list[str | None]:
    paths = [row.get("path") if isinstance(row, dict) else None for row in rows]
    return [path if isinstance(path, str) else None for path in paths]


def _first(table: Any, file: Path, column: str) -> list[Any]:
    """Returns the values of the first rows; empty if there is no such column or it holds long texts."""
    values: list[Any] = []
    for batch in batches(table, file, column):
        if any(len(value) > LONGEST_HINT for value in batch if isinstance(value, str)):
            return []
        values += batch[: ROWS - len(values)]
        if len(values) == ROWS:
            break
    return values


def _hints(tables: Sequence[tuple[Any, Path]], classes: list[object]) -> tuple[str, ...]:
    """Returns a message about likely groups in a column or in the paths, from the first rows of each table."""
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
