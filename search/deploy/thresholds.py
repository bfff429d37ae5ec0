"""The thresholds file: the best cut points of a study as JSON.

`document` makes it from the results of a study, `write` checks it against thresholds.schema.json, and `read` returns
the binarization.
"""

import datetime as dt
import json
import math
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from models.constants import REAL
from search.binarization.binarization import Binarization, Input, from_key
from search.binarization.cut_points import as_lists
from search.binarization.levels import GREY
from search.confirmation.findings import COMPARISONS, Findings, findings_of
from search.console.files import write_atomically
from search.console.messages import one_line, plural
from search.deploy.picks import PICKS
from search.errors import BadInput, NothingToShow
from search.evaluation.protocol import Protocol
from storage.candidates import counts
from storage.records import Run
from storage.results import Results

COMPARISON = "pixel >= cut_point"
LOCAL_COMPARISON = "256 * darker // pixels >= cut_point"  # the number of darker pixels and of all pixels of the image
# JSON Schema accepts 3.0 as an integer; programs that read the file may not.
WHOLE = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)


def document(results: Results, cuts: int | None = None, pick: str = "best") -> dict[str, Any]:
    """The thresholds document of one candidate.

    cuts: take the best candidate with so many cut points; None takes the candidate that `pick` names (see PICKS).
    Raises: NothingToShow without a finished trial; BadInput when none has that many cut points.
    """
    if results.candidates.empty:
        raise NothingToShow(f"study {results.study.study_name!r} has no finished trial yet")
    if cuts is None:
        chosen, how = PICKS[pick](results), pick
    else:
        chosen, how = best_with(results, cuts), f"best of {cuts}"
    data_set, found, protocol = results.data_set, findings_of(results), Protocol.from_dict(results.protocol)
    references = results.candidates[results.candidates["reference"].notna()]
    return {
        "schema_version": 1,
        "created_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "pick": how,
        **candidate(chosen, found),
        "comparison": comparison_of(Binarization.from_key(chosen["key"])),
        "metric": f"validation {protocol.metric}",
        "best_by_cut_points": [candidate(row, found) for _, row in results.by_cuts.iterrows()],
        "references": [candidate(row, found) for _, row in references.iterrows()],
        "greyscale": None if results.greyscale is None else _greyscale(results.greyscale, found),
        "confirmation": None if found is None else _confirmation(found),
        "data": {
            "name": data_set.name,
            "height": data_set.examples.shape[1],
            "width": data_set.examples.shape[2],
            "class_names": list(data_set.class_names),
            "preprocessing": protocol.preprocessing,
        },
        "study": {"name": results.study.study_name, "trials": counts(results.trials)},
        "fingerprints": {
            "data": protocol.data_fingerprint,
            "split": protocol.split_fingerprint,
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


def candidate(row: "pd.Series[Any]", found: Findings | None) -> dict[str, Any]:
    """One binarization, its value from a row of the candidates, and its findings in a confirmation."""
    binarization = Binarization.from_key(row["key"])
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
        "confirmed": _confirmed(binarization, found),
    }


def _greyscale(run: Run, found: Findings | None) -> dict[str, Any]:
    input = from_key(run.input)
    return {
        "value": run.value,
        "standard_error": run.standard_error,
        "interval": list(run.interval),
        "input": str(input),
        "bits_per_pixel": input.bits,
        "confirmed": _confirmed(input, found),
    }


def _confirmation(found: Findings) -> dict[str, Any]:
    about = found.circumstances
    return {
        "photos": found.photos,
        "photos_left_out": found.photos_left_out,
        "best_reference": None if found.best_reference is None else str(found.best_reference),
        "readings": about.readings,
        "protocol": about.protocol.as_dict(),
        "trained_with": list(about.trained_with),
        "cost": [asdict(each) for each in about.cost],
        "margin": found.margin,
    }


def _confirmed(input: Input, found: Findings | None) -> dict[str, Any] | None:
    """Accuracies on test photos and all comparisons of an input; None if it was not confirmed."""
    entry = None if found is None else found.of(input)
    if entry is None:
        return None
    estimates = {name: asdict(getattr(entry, name)) for name in ("accuracy", "photo_accuracy", "all_photos")}
    compared = {name: entry.against.get(name) for name in COMPARISONS}
    against = {name: each and {**asdict(each), "to": str(each.to)} for name, each in compared.items()}
    return {**estimates, "against": against}


def comparison_of(binarization: Binarization) -> str:
    """The condition under which a pixel lies above a cut point, as the file states it."""
    return COMPARISON if GREY in binarization.level_maps else LOCAL_COMPARISON


def to_json(made: dict[str, Any]) -> str:
    """The document as text, checked against the schema; NaN is refused.

    Raises: jsonschema.ValidationError, ValueError.
    """
    _validator().validate(made)
    return json.dumps(made, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def write(path: Path, made: dict[str, Any]) -> None:
    """Writes a valid document atomically. Raises: BadInput for a path that cannot be written."""
    write_atomically(path, to_json(made))


def read(path: Path) -> tuple[Binarization, dict[str, Any]]:
    """The binarization of a thresholds file, and its whole document. Raises: BadInput."""
    try:
        made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse, parse_float=_finite)
        json.dumps(made, ensure_ascii=False).encode()  # refuses lone surrogates, which cannot be printed
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
