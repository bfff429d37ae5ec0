"""Inputs and roles are stored as canonical records instead of the text that people read.

Converts the inputs of runs, confirmation runs and readings, the findings of readings, and two of Optuna's attributes.
Text that no version wrote stays as it is. Findings that lack a value are removed; they are computed again from the
stored predictions when they are read.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

Record = dict[str, Any]
ENCODINGS = ("range", "thermometer", "gray", "bit-planes", "local")
GREYSCALE = {"greyscale": 1, "full color": 3, "full colour": 3}  # text and number of color channels
PROTOCOL = {
    "data_fingerprint",
    "split_fingerprint",
    "variants",
    "recipe",
    "seed",
    "metric",
    "folds",
    "repeats",
    "photos",
}
PROTOCOL |= {"training_version", "preprocessing", "grouping", "variants_of"}
COMPARISONS = ("greyscale", "best_reference", "rival", "reference_within_bits", "rival_same_cuts")


def upgrade() -> None:
    connection = op.get_bind()
    for table in ("cutpoints_runs", "cutpoints_confirmation_runs"):
        _convert(connection, table, "id", "input", sa.Text(), key_of)
    _convert_attributes(connection, "study_user_attributes", "study_user_attribute_id", "greyscale_input")
    _convert_attributes(connection, "trial_user_attributes", "trial_user_attribute_id", "reference_binarization")
    _convert_readings(connection)


def downgrade() -> None:
    """Changes no table. Raises: ValueError where there are rows, whose text is not kept."""
    for name in ("cutpoints_runs", "cutpoints_confirmation_runs", "cutpoints_test_readings"):
        if op.get_bind().execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one():
            raise ValueError(f"{name} has rows, and their text of earlier versions is not kept")


def _convert(
    connection: sa.Connection,
    name: str,
    primary: str,
    column: str,
    kind: sa.types.TypeEngine[Any],
    convert: Callable[[Any], Any],
    where: Mapping[str, str] | None = None,
) -> None:
    """Replaces a column's values by their conversion, row by row; where: values of other columns to select rows by."""
    table = sa.table(name, sa.column(primary), sa.column(column, kind), *map(sa.column, where or {}))
    selected = [table.c[key] == value for key, value in (where or {}).items()]
    for row in connection.execute(sa.select(table.c[primary], table.c[column]).where(*selected)).all():
        connection.execute(table.update().where(table.c[primary] == row[0]).values({column: convert(row[1])}))


def _convert_attributes(connection: sa.Connection, name: str, primary: str, key: str) -> None:
    """The values of one of Optuna's attributes, which are JSON in a text column."""
    _convert(
        connection,
        name,
        primary,
        "value_json",
        sa.Text(),
        lambda text: json.dumps(key_of(json.loads(text))),
        {"key": key},
    )


def _convert_readings(connection: sa.Connection) -> None:
    plain = ("id", "data", "study", "study_identity", "protocol", "key")
    table = sa.table(
        "cutpoints_test_readings",
        *map(sa.column, plain),
        sa.column("inputs", sa.JSON(none_as_null=True)),
        sa.column("findings", sa.JSON(none_as_null=True)),
    )
    rows = connection.execute(sa.select(table).order_by(table.c.id)).mappings().all()
    converted = {row["id"]: _converted(row) for row in rows}
    taken = {key for row in rows if row["key"] is not None and (key := converted[row["id"]]["key"])}
    for row in rows:
        changed = converted[row["id"]]
        # A reading from before keys existed gets its key, so that an equal one is not made again.
        if row["key"] is None:
            changed["key"] = None if changed["key"] in taken else changed["key"]
            taken.add(changed["key"])
        connection.execute(table.update().where(table.c.id == row["id"]).values(changed))


def _converted(row: sa.RowMapping) -> Record:
    """The new inputs, findings and key of a reading."""
    try:
        inputs = {
            canonical(record_of(text)): {**each, "roles": [role_of(role) for role in each["roles"]]}
            for text, each in row["inputs"].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        return {"inputs": row["inputs"] or {}, "findings": None, "key": row["key"]}
    what = {key: row[key] for key in ("data", "study", "study_identity", "protocol")} | {"inputs": inputs}
    key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
    return {"inputs": inputs, "findings": findings_of(row["findings"]), "key": key}


def canonical(record: Mapping[str, Any]) -> str:
    """JSON with sorted keys and without spaces."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def key_of(text: str) -> str:
    """The canonical record of an input; text that is not one stays as it is."""
    try:
        return canonical(record_of(text))
    except (AttributeError, ValueError):
        return text


def record_of(text: str) -> Record:
    """The record of an input: `0,90,255 thermometer, xnor weights`, `r:0,90,255 g:… b:… range`, `full color`.

    Raises: ValueError for other text.
    """
    head, *arithmetic = text.split(", ")
    record: Record = {"weights": "real", "activations": "real"}
    for each in arithmetic:
        kind, name = each.split(" ")
        if name not in record:
            raise ValueError(f"{text!r} is not an input")
        record[name] = kind
    if head in GREYSCALE:
        return record | {"colors": GREYSCALE[head]}
    *ranges, encoding = head.split(" ")
    parts = [[int(level) for level in part.split(":")[-1].split(",")][1:-1] for part in ranges]
    if encoding not in ENCODINGS or len(parts) not in (1, 3) or not all(parts):
        raise ValueError(f"{text!r} is not an input")
    return record | {"encoding": encoding, "cut_points": parts[0] if len(parts) == 1 else parts}


def role_of(text: str) -> Record:
    """The record of a role: `best of 3`, `reference multi-otsu`. Raises: KeyError for other text."""
    plain = {each: each for each in ("greyscale", "best", "best reference", "paper")}
    plain["best of the rival study"] = "rival best"
    numbers = {
        r"best of (\d+)": ("best of cuts", "cuts"),
        r"top (\d+)": ("top", "rank"),
        r"rival's best of (\d+)": ("rival best of cuts", "cuts"),
        r"best reference within (\d+) bits?": ("best reference within bits", "bits"),
    }
    for pattern, (kind, field) in numbers.items():
        if found := re.fullmatch(pattern, text):
            return {"kind": kind, field: int(found[1])}
    if text.startswith("best with "):
        words = text.removeprefix("best with ").removesuffix("real weights and activations")
        known = record_of(", ".join(each for each in ("greyscale", words) if each))
        return {"kind": "best with arithmetic", "arithmetic": {key: known[key] for key in ("weights", "activations")}}
    if text.startswith("reference "):
        return {"kind": "reference", "name": text.removeprefix("reference ")}
    return {"kind": plain[text]}


def findings_of(found: Any) -> Record | None:
    """Findings of version 2. None for earlier ones that lack some of its values: they are then computed again."""
    try:
        about = {name: found[name] for name in ("readings", "protocol", "versions", "trained_with", "cost")}
        costs = [{name: cost[name] for name in ("study", "trials", "seconds")} for cost in about["cost"]]
        if not about["protocol"].keys() >= PROTOCOL:
            return None
        return {
            "version": 2,
            "entries": [_entry_of(entry) for entry in found["entries"]],
            **{name: found[name] for name in ("photos", "pictures", "photos_left_out")},
            "circumstances": about | {"cost": costs},
            "margin": found["margin"],
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _entry_of(entry: Mapping[str, Any]) -> Record:
    within = entry["reference_within_bits"]
    against = {name: each for name in COMPARISONS if (each := entry["against"].get(name)) is not None}
    numbers = ("mean", "low", "high", "p", "p_adjusted", "verdict")
    return {
        "input": record_of(entry["input"]),
        "roles": [role_of(role) for role in entry["roles"]],
        **{name: entry[name] for name in ("trial", "validation", "accuracy", "photo_accuracy", "all_photos")},
        "against": {
            name: {"to": record_of(each["to"]), **{key: each[key] for key in numbers}} for name, each in against.items()
        },
        "within_bits": None if within is None else record_of(within),
    }
