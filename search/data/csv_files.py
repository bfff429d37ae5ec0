"""CSV files in Kaggle's form, also inside a .zip: a header `label,pixel1,…`, then one image per row.

Returns images and raw labels. Error messages name the file, the line or column, and what to do. Lines are counted as
a text editor counts them.
"""

import io
import math
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.errors import EmptyDataError, ParserError, ParserWarning

from search.data.arrays import Arrays
from search.data.bounded import check_unpacked, opened_zip
from search.data.csv_columns import NUMBERED, in_order
from search.data.given import group_numbers, refuse_unknown_column
from search.data.source import parse_shape
from search.errors import BadInput

EMPTY = "is empty or NaN: the row is too short or a value is missing; complete or delete the row"
Values = npt.NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Table:
    """Images (N, H, W) or (N, H, W, 3) uint8, raw labels (N,), and values (N,) of the group column or None.

    by_place: names of the pixel columns, if the order of the file is used.
    """

    images: npt.NDArray[np.uint8]
    labels: Values
    groups: Values | None
    by_place: tuple[str, ...] | None


def csv_files_in(folder: Path) -> list[Path]:
    """Returns the `*_train.csv` and `*_test.csv` of a folder, or their .zip files; an empty list if it has neither.

    Raises: BadInput if only one of the two is there, or several of the same kind.
    """
    found = {
        part: sorted(folder.glob(f"*_{part}.csv")) or sorted(folder.glob(f"*_{part}.csv.zip"))
        for part in ("train", "test")
    }
    if not any(found.values()):
        return []
    for part, files in found.items():
        if len(files) != 1:
            names = f"it has {', '.join(f.name for f in files)}" if files else "it has none"
            raise BadInput(f"{folder}: expected one file *_{part}.csv (or .csv.zip); {names}")
    return [found["train"][0], found["test"][0]]


def read_csv_files(path: Path, files: list[Path], shape: str | None, column: str | None = None) -> Arrays:
    """Reads one table, or a training and a test table. column: the group column, if any. Raises: BadInput."""
    texts = {
        f"{file}" if len(read) == 1 else f"{file}/{csv}": text
        for file in files
        for read in [read_bytes(file)]
        for csv, text in read.items()
    }
    tables = {where: parse_table(text, where, parse_shape(shape), column) for where, text in texts.items()}
    if len(tables) == 1:
        (only,) = tables.values()
        return Arrays(only.images, only.labels, groups=group_numbers(only.groups, None, str(path))[0])
    parts = {part: [where for where in tables if f"_{part}.csv" in where] for part in ("train", "test")}
    if len(tables) != 2 or any(len(found) != 1 for found in parts.values()):
        raise BadInput(
            f"{path}: holds {', '.join(map(str, tables))}; expected one CSV, or one *_train.csv and one *_test.csv"
        )
    (of_train,), (of_test,) = parts.values()
    train, test = tables[of_train], tables[of_test]
    if train.by_place != test.by_place:
        pairs = zip(train.by_place or ("numbered",), test.by_place or ("numbered",), strict=False)
        differ = next(((one[:40], other[:40]) for one, other in pairs if one != other), ("fewer", "more"))
        raise BadInput(
            f"{of_test}: the pixel columns differ from those of {of_train} ({differ[1]!r} in place of {differ[0]!r}); "
            "give both files the same columns"
        )
    groups = group_numbers(train.groups, test.groups, str(path))
    return Arrays(train.images, train.labels, test.images, test.labels, *groups)


def read_bytes(path: Path) -> dict[str, bytes]:
    """Returns the contents of a `.csv`, or of all CSVs in a `.zip`, by name. Nothing is unpacked to disk."""
    if path.suffix.lower() != ".zip":
        return {path.name: path.read_bytes()}
    with opened_zip(path, "zip") as archive:
        found = [i for i in archive.infolist() if i.filename.lower().endswith(".csv") and "__MACOSX" not in i.filename]
        if not found:
            raise BadInput(f"{path}: no .csv file in this zip; add one")
        if len({Path(info.filename).name for info in found}) < len(found):
            raise BadInput(f"{path}: two .csv files have the same name; remove one")
        check_unpacked(sum(info.file_size for info in found), path.stat().st_size, str(path))
        return {Path(info.filename).name: archive.read(info) for info in found}


def parse_csv(text: bytes, where: str, shape: tuple[int, ...] | None) -> tuple[npt.NDArray[np.uint8], Values]:
    """Returns images (N, H, W) or (N, H, W, 3) uint8 and raw labels (N,). Raises: BadInput."""
    table = parse_table(text, where, shape)
    return table.images, table.labels


def parse_table(text: bytes, where: str, shape: tuple[int, ...] | None, column: str | None = None) -> Table:
    """Parses one CSV. column: the group column, if any. Raises: BadInput."""
    frame = _parse_frame(text, where)
    if "label" not in frame.columns:
        begins = ",".join(map(str, frame.columns))[:40]
        raise BadInput(f"{where}: no column 'label' in the header {begins!r}…; add it and separate with commas")
    if len(frame) == 0:
        raise BadInput(f"{where}: the file has a header but no rows; add images")
    _check_labels(frame["label"], where)
    pixels, groups = frame.drop(columns="label"), None
    if column is not None:
        columns = list(map(str, frame.columns))
        refuse_unknown_column(column, columns, [name for name in columns if not NUMBERED.fullmatch(name)], where)
        _check_labels(frame[column], where, "group")
        pixels, groups = pixels.drop(columns=column), frame[column].to_numpy()
    if pixels.shape[1] == 0:
        raise BadInput(f"{where}: no pixel columns, only 'label'; add one column per pixel")
    ordered = in_order(pixels, where)
    shape = ordered.shape(shape, where)
    images = _check_pixels(ordered.pixels, where).reshape(-1, *shape)
    return Table(images, frame["label"].to_numpy(), groups, ordered.by_place)


def _parse_frame(text: bytes, where: str) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ParserWarning)  # rows with more fields than the header
            # Blank lines at the end are common. Others are kept, so that rows match an editor's line numbers.
            whole = text.rstrip()
            header = pd.read_csv(io.BytesIO(whole), header=None, nrows=1, index_col=False, skip_blank_lines=False)
            if header.iloc[0].map(lambda name: str(name).replace(".", "", 1).isdigit()).all():
                raise BadInput(f"{where}: no header: the first line is all numbers; add a line label,pixel1,pixel2,…")
            twice = header.iloc[0][header.iloc[0].duplicated()]
            if len(twice):
                raise BadInput(f"{where}: column {str(twice.iloc[0])[:40]!r} appears twice; remove one")
            # keep_default_na=False: classes may be called NA or None.
            return pd.read_csv(
                io.BytesIO(whole), index_col=False, low_memory=False, keep_default_na=False, skip_blank_lines=False
            )
    except EmptyDataError as error:
        raise BadInput(f"{where}: the file is empty; expected a header 'label,pixel1,…' and rows") from error
    except ParserWarning as error:
        raise BadInput(f"{where}: rows have more fields than the header; give all rows the same length") from error
    except ParserError as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise BadInput(f"{where}: rows of different length ({reason}); give all rows the same length") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{where}: not UTF-8 text; save it as CSV in UTF-8") from error


def _check_labels(labels: "pd.Series[int]", where: str, what: str = "label") -> None:
    empty = np.flatnonzero(labels.isna() | (labels.astype(str).str.strip() == ""))
    if len(empty):
        raise BadInput(f"{where}: row {_line(empty[0])}: the {what} is empty; fill it in or delete the row")
    if labels.dtype.kind not in "iuOT":
        raise BadInput(f"{where}: {what}s are {labels.dtype}, such as {labels.iloc[0]}; use integers or text")


def _check_pixels(pixels: pd.DataFrame, where: str) -> npt.NDArray[np.uint8]:
    """Returns all pixels as uint8 (N, H·W). Raises: BadInput that names the first bad one."""
    numeric = [dtype.kind in "iuf" for dtype in pixels.dtypes]
    if not all(numeric):
        column = numeric.index(False)
        numbers = pd.to_numeric(pixels.iloc[:, column], errors="coerce")
        wrong = ~numbers.between(0, 255) if pixels.dtypes.iloc[column].kind != "b" else numbers.notna()
        row = int(np.flatnonzero(wrong)[0]) if wrong.any() else 0
        shown = str(pixels.iloc[row, column])[:40]
        hint = EMPTY if shown in ("", "nan", "NaN") else f"{shown!r} is not an integer in 0..255; correct it"
        raise BadInput(f"{_cell(pixels, row, column, where)}: {hint}")
    values = pixels.to_numpy()
    bad = np.argwhere(~((values >= 0) & (values <= 255) & (values == np.floor(values))))
    if len(bad):
        row, column = map(int, bad[0])
        if math.isnan(values[row, column]):
            hint = EMPTY
        else:
            hint = f"{values[row, column]:g} is not an integer in 0..255; rescale the pixels"
        raise BadInput(f"{_cell(pixels, row, column, where)}: {hint}")
    return values.astype(np.uint8)


def _cell(pixels: pd.DataFrame, row: int, column: int, where: str) -> str:
    """Returns the file, line and column of a pixel, for messages."""
    return f"{where}: row {_line(row)}, column {pixels.columns[column]}"


def _line(row: int) -> int:
    """Returns the line number in the file: rows count from 0, and the header is line 1."""
    return int(row) + 2
