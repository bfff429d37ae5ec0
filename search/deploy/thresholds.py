"""The thresholds file: the best cut points of a study as JSON that a program can use.

Enters: a study's results. Leaves: a document that fits thresholds.schema.json, which is checked before
anything is written. `read` gives back the binarization.
"""

import datetime as dt
import json
import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from models.constants import REAL
from search.binarization.binarization import Binarization
from search.binarization.cut_points import as_lists
from search.console.files import write_atomically
from search.console.messages import one_line, plural
from search.deploy.picks import PICKS
from search.errors import BadInput, NothingToShow
from storage.candidates import counts
from storage.results import Results

COMPARISON = "pixel >= cut_point"
LOCAL_COMPARISON = "256 * darker // pixels >= cut_point"  # how many of the picture's pixels are darker, of how many
# 3.0 is a whole number for JSON Schema, but not for those who read the file.
WHOLE = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
CONFIRMATION = ("photos", "photos_left_out", "readings", "best_reference", "margin", "cost", "trained_with", "protocol")


def document(results: Results, cuts: int | None = None, pick: str = "best") -> dict[str, Any]:
    """The thresholds document of the candidate that `pick` names (see PICKS), or of the best with `cuts` cut points.

    Raises: NothingToShow without a finished trial; BadInput when none has that many cut points.
    """
    if results.candidates.empty:
        raise NothingToShow(f"study {results.study.study_name!r} has no finished trial yet")
    if cuts is None:
        chosen, how = PICKS[pick](results), pick
    else:
        chosen, how = best_with(results, cuts), f"best of {cuts}"
    data_set, greyscale = results.data_set, results.greyscale
    references = results.candidates[results.candidates["reference"].notna()]
    return {
        "schema_version": 1,
        "created_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "pick": how,
        **candidate(chosen, results.confirmation),
        "comparison": comparison_of(Binarization.of(chosen)),
        "metric": f"validation {results.protocol['metric']}",
        "best_by_cut_points": [candidate(row, results.confirmation) for _, row in results.by_cuts.iterrows()],
        "references": [candidate(row, results.confirmation) for _, row in references.iterrows()],
        "greyscale": greyscale
        and {
            "value": greyscale.value,
            "standard_error": greyscale.standard_error,
            "interval": list(greyscale.interval),
            "input": greyscale.input,
            "bits_per_pixel": 8 * data_set.colors,
            "confirmed": confirmed(greyscale.input, results.confirmation),
        },
        "confirmation": results.confirmation
        and {key: value for key, value in results.confirmation.items() if key in CONFIRMATION},
        "data": {
            "name": data_set.name,
            "height": data_set.examples.shape[1],
            "width": data_set.examples.shape[2],
            "class_names": list(data_set.class_names),
            "preprocessing": results.protocol.get("preprocessing", {}),
        },
        "study": {"name": results.study.study_name, "trials": counts(results.trials)},
        "fingerprints": {
            "data": results.protocol["data_fingerprint"],
            "split": results.protocol["split_fingerprint"],
            "protocol": results.protocol_fingerprint,
        },
        "protocol": dict(results.protocol),
        "versions": dict(results.versions),
    }


def best_with(results: Results, cuts: int) -> "pd.Series[Any]":
    """The best candidate with that many cut points. Raises: BadInput when there is none."""
    found = results.by_cuts[results.by_cuts["cuts"] == cuts]
    if found.empty:
        there = ", ".join(map(str, results.by_cuts["cuts"]))
        raise BadInput(f"--cuts {cuts}: no finished trial has {plural(cuts, 'cut point')}; there are {there}")
    return found.iloc[0]


def candidate(row: "pd.Series[Any]", confirmation: Mapping[str, Any] | None) -> dict[str, Any]:
    """One binarization, its value from a row of the candidates, and what a confirmation found of it."""
    binarization = Binarization.of(row)
    return {
        "threshold_ranges": as_lists(binarization.cut_points.ranges),
        **binarization.record,
        "cut_points": as_lists(binarization.cut_points.values),
        "channels": binarization.channels,
        "bits_per_pixel": binarization.channels,
        "index_bits_per_pixel": binarization.index_bits,
        "value": float(row["value"]),
        "standard_error": float(row["standard_error"]),
        "interval": [float(row["low"]), float(row["high"])],
        "trials": int(row["trials"]),
        "reference": None if pd.isna(row["reference"]) else str(row["reference"]),
        "confirmed": confirmed(str(binarization), confirmation),
    }


def confirmed(input: str, confirmation: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Accuracy on test photos with its interval, and better, tied or worse than whom; None if it was not confirmed."""
    found = (entry for entry in (confirmation or {}).get("entries", ()) if entry["input"] == input)
    keys = ("accuracy", "photo_accuracy", "all_photos", "against")
    return next(({key: entry[key] for key in keys} for entry in found), None)


def comparison_of(binarization: Binarization) -> str:
    """When a pixel lies above a cut point."""
    return LOCAL_COMPARISON if binarization.local else COMPARISON


def to_json(made: dict[str, Any]) -> str:
    """The document as text, checked against the schema; NaN is refused.

    Raises: jsonschema.ValidationError, ValueError.
    """
    _validator().validate(made)
    return json.dumps(made, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def write(path: Path, made: dict[str, Any]) -> None:
    """Writes a valid document, whole or not at all. Raises: BadInput for a place that cannot be written."""
    write_atomically(path, to_json(made))


def read(path: Path) -> tuple[Binarization, dict[str, Any]]:
    """A thresholds file's binarization and its whole document. Raises: BadInput."""
    try:
        made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse, parse_float=_finite)
        json.dumps(made, ensure_ascii=False).encode()  # half a character could not be shown or written
        found = next(iter(_validator().iter_errors(made)), None)
        problem = None if found is None else f"{found.json_path}: {one_line(found.message)[:120]}"
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); name another file") from error
    except (ValueError, RecursionError) as error:  # RecursionError: nested too deeply
        raise BadInput(f"{path}: no thresholds file ({one_line(error)[:120]}); export it again") from error
    if problem is not None:
        raise BadInput(f"{path}: not a thresholds file of version 1: {problem}; export it again")
    try:
        binarization = Binarization.of({"weights": REAL, "activations": REAL} | made)
    except ValueError as error:
        raise BadInput(f"{path}: {error}") from error
    if as_lists(binarization.cut_points.ranges) != made["threshold_ranges"]:
        raise BadInput(
            f"{path}: cut_points {made['cut_points']} and threshold_ranges {made['threshold_ranges']} differ"
        )
    is_so = {
        "comparison": comparison_of(binarization),
        "channels": binarization.channels,
        "bits_per_pixel": binarization.bits,
        "index_bits_per_pixel": binarization.index_bits,
    }
    for name, value in is_so.items():
        if made[name] != value:
            raise BadInput(f"{path}: {name} {made[name]!r} does not fit {binarization}, which has {value!r}")
    return binarization, made


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError(f"{number[:40]} is too large")
    return value


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads((files("search.deploy") / "thresholds.schema.json").read_text(encoding="utf-8"))
    strict: type[Draft202012Validator] = extend(Draft202012Validator, type_checker=WHOLE)  # type: ignore[no-untyped-call]
    return strict(schema)
