"""Kaggle's CSV form: a header `label,pixel1,…`, then one picture a row. Also inside a .zip.

Enters: a path. Leaves: images and raw labels. Every complaint names the file, the row (as an editor
counts lines) or the column, and what to do.
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
    """images (N, H, W) or (N, H, W, 3), raw labels (N,), values (N,) of the column that says which belong together.

    by_place: names of the pixel columns, where they are taken in the file's order.
    """

    images: npt.NDArray[np.uint8]
    labels: Values
    groups: Values | None
    by_place: tuple[str, ...] | None


def csv_files_in(folder: Path) -> list[Path]:
    """The `*_train.csv` and `*_test.csv` of a folder, or the same in .zip; none where it has neither, whatever other
    CSVs it has.

    Raises: BadInput for one without the other, and for several of a kind.
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
            raise BadInput(f"{folder}: needs one file *_{part}.csv (or .csv.zip); {names}")
    return [found["train"][0], found["test"][0]]


def read_csv_files(path: Path, files: list[Path], shape: str | None, column: str | None = None) -> Arrays:
    """The one table that these files hold, or one to train on and one to test. column: of groups. Raises: BadInput."""
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
            f"{of_test}: pixel columns in another order than in {of_train} ({differ[1]!r} in place of {differ[0]!r}); "
            "write both alike"
        )
    groups = group_numbers(train.groups, test.groups, str(path))
    return Arrays(train.images, train.labels, test.images, test.labels, *groups)


def read_bytes(path: Path) -> dict[str, bytes]:
    """The CSV texts of a `.csv` or of all CSVs in a `.zip`, by name. Nothing is unpacked to disk."""
    if path.suffix.lower() != ".zip":
        return {path.name: path.read_bytes()}
    with opened_zip(path, "zip") as archive:
        found = [i for i in archive.infolist() if i.filename.lower().endswith(".csv") and "__MACOSX" not in i.filename]
        if not found:
            raise BadInput(f"{path}: no .csv file in this zip")
        if len({Path(info.filename).name for info in found}) < len(found):
            raise BadInput(f"{path}: two .csv files of the same name in it; leave one")
        check_unpacked(sum(info.file_size for info in found), path.stat().st_size, str(path))
        return {Path(info.filename).name: archive.read(info) for info in found}


def parse_csv(text: bytes, where: str, shape: tuple[int, ...] | None) -> tuple[npt.NDArray[np.uint8], Values]:
    """Images (N, H, W) uint8, or (N, H, W, 3) where the shape says so, and raw labels (N,). Raises: BadInput."""
    table = parse_table(text, where, shape)
    return table.images, table.labels


def parse_table(text: bytes, where: str, shape: tuple[int, ...] | None, column: str | None = None) -> Table:
    """Pictures and labels; column: what says which pictures belong together. Raises: BadInput."""
    frame = _parse_frame(text, where)
    if "label" not in frame.columns:
        begins = ",".join(map(str, frame.columns))[:40]
        raise BadInput(f"{where}: no column named 'label' in the header, which begins {begins!r}; separate with commas")
    if len(frame) == 0:
        raise BadInput(f"{where}: a header but no rows; add pictures")
    _check_labels(frame["label"], where)
    pixels, groups = frame.drop(columns="label"), None
    if column is not None:
        columns = list(map(str, frame.columns))
        refuse_unknown_column(column, columns, [name for name in columns if not NUMBERED.fullmatch(name)], where)
        _check_labels(frame[column], where, "group")
        pixels, groups = pixels.drop(columns=column), frame[column].to_numpy()
    if pixels.shape[1] == 0:
        raise BadInput(f"{where}: labels without images: no pixel columns beside 'label'")
    ordered = in_order(pixels, where)
    shape = ordered.shape(shape, where)
    images = _check_pixels(ordered.pixels, where).reshape(-1, *shape)
    return Table(images, frame["label"].to_numpy(), groups, ordered.by_place)


def _parse_frame(text: bytes, where: str) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ParserWarning)  # more fields than the header has
            # Blank lines at the end are usual; elsewhere they are kept, so that rows count as an editor counts lines.
            whole = text.rstrip()
            header = pd.read_csv(io.BytesIO(whole), header=None, nrows=1, index_col=False, skip_blank_lines=False)
            if header.iloc[0].map(lambda name: str(name).replace(".", "", 1).isdigit()).all():
                raise BadInput(f"{where}: no header: the first line is all numbers; begin with label,pixel1,pixel2,…")
            twice = header.iloc[0][header.iloc[0].duplicated()]
            if len(twice):
                raise BadInput(f"{where}: column {str(twice.iloc[0])[:40]!r} comes twice; remove one")
            # Without default_na, so that classes may be called NA or None.
            return pd.read_csv(
                io.BytesIO(whole), index_col=False, low_memory=False, keep_default_na=False, skip_blank_lines=False
            )
    except EmptyDataError as error:
        raise BadInput(f"{where}: the file is empty; expected a header 'label,pixel1,…' and rows") from error
    except ParserWarning as error:
        raise BadInput(f"{where}: rows have more fields than the header; make them equally long") from error
    except ParserError as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise BadInput(f"{where}: ragged rows: {reason}; make all rows equally long") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{where}: not UTF-8 text; save it as CSV in UTF-8") from error


def _check_labels(labels: "pd.Series[int]", where: str, what: str = "label") -> None:
    empty = np.flatnonzero(labels.isna() | (labels.astype(str).str.strip() == ""))
    if len(empty):
        raise BadInput(f"{where}: row {_line(empty[0])}: the {what} is empty; fill it in or delete the row")
    if labels.dtype.kind not in "iuOT":
        raise BadInput(f"{where}: {what}s are {labels.dtype}, such as {labels.iloc[0]}; use whole numbers or text")


def _check_pixels(pixels: pd.DataFrame, where: str) -> npt.NDArray[np.uint8]:
    """All pixels as uint8 (N, H·W); otherwise names the first bad one."""
    numeric = [dtype.kind in "iuf" for dtype in pixels.dtypes]
    if not all(numeric):
        column = numeric.index(False)
        numbers = pd.to_numeric(pixels.iloc[:, column], errors="coerce")
        wrong = ~numbers.between(0, 255) if pixels.dtypes.iloc[column].kind != "b" else numbers.notna()
        row = int(np.flatnonzero(wrong)[0]) if wrong.any() else 0
        shown = str(pixels.iloc[row, column])[:40]
        hint = EMPTY if shown in ("", "nan", "NaN") else f"{shown!r} is not a whole number 0..255"
        raise BadInput(f"{_cell(pixels, row, column, where)}: {hint}")
    values = pixels.to_numpy()
    bad = np.argwhere(~((values >= 0) & (values <= 255) & (values == np.floor(values))))
    if len(bad):
        row, column = map(int, bad[0])
        if math.isnan(values[row, column]):
            hint = EMPTY
        else:
            hint = f"{values[row, column]:g} is not a whole number 0..255; rescale the pixels"
        raise BadInput(f"{_cell(pixels, row, column, where)}: {hint}")
    return values.astype(np.uint8)


def _cell(pixels: pd.DataFrame, row: int, column: int, where: str) -> str:
    """The place of a pixel, as a person finds it in the file."""
    return f"{where}: row {_line(row)}, column {pixels.columns[column]}"


def _line(row: int) -> int:
    """The line in the file: rows count from 0, the header is line 1."""
    return int(row) + 2
