"""The thresholds file: the best cut points of a study as JSON.

`document` makes it from the results of a study, `write` checks it against thresholds.schema.json, and `read` returns
the binarization. Files of version 1 are read too (thresholds-1.schema.json).
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
from search.binarization.cut_points import RGB, as_lists
from search.binarization.levels import Rank
from search.confirmation.findings import COMPARISONS, Findings, findings_of
from search.console.files import write_atomically
from search.console.messages import one_line, plural
from search.deploy.picks import PICKS
from search.errors import BadInput, NothingToShow
from search.evaluation.protocol import Protocol
from storage.candidates import counts
from storage.records import Run
from storage.results import Results

VERSION = 2
COMPARISON = "level >= cut_point"
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
        "schema_version": VERSION,
        "created_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "pick": how,
        **candidate(chosen, found),
        "comparison": COMPARISON,
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
        "input": str(binarization),
        "parts": parts_of(binarization),
        **asdict(binarization.arithmetic),
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


def parts_of(binarization: Binarization) -> list[dict[str, Any]]:
    """The parts of a binarization, each with all that a program needs to compute its channels."""
    return [
        {
            "color": part.color or None,
            "levels": part.level_map.record,
            "level": part.level_map.formula,
            "cut_points": list(part.cut_points.values),
            "threshold_ranges": list(part.cut_points.ranges),
            "encoding": binarization.encoding,
            "channels": table.shape[1],
        }
        for part, table in zip(binarization.parts, binarization.tables, strict=True)
    ]


def to_json(made: dict[str, Any]) -> str:
    """The document as text, checked against the schema; NaN is refused.

    Raises: jsonschema.ValidationError, ValueError.
    """
    _validator(VERSION).validate(made)
    return json.dumps(made, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def write(path: Path, made: dict[str, Any]) -> None:
    """Writes a valid document atomically. Raises: BadInput for a path that cannot be written."""
    write_atomically(path, to_json(made))


def read(path: Path) -> tuple[Binarization, dict[str, Any]]:
    """The binarization of a thresholds file, and its whole document. Raises: BadInput."""
    try:
        made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse, parse_float=_finite)
        json.dumps(made, ensure_ascii=False).encode()  # refuses lone surrogates, which cannot be printed
        version = 1 if isinstance(made, dict) and made.get("schema_version") == 1 else VERSION
        found = next(iter(_validator(version).iter_errors(made)), None)
        problem = None if found is None else f"{found.json_path}: {one_line(found.message)[:120]}"
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); name another file") from error
    except (ValueError, RecursionError) as error:  # RecursionError: nested too deeply
        raise BadInput(f"{path}: no thresholds file ({one_line(error)[:120]}); export it again") from error
    if problem is not None:
        raise BadInput(f"{path}: not a thresholds file of version {version}: {problem}; export it again")
    try:
        binarization = Binarization.of(_record_of_version_1(made) if version == 1 else _record(made))
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path}: {one_line(error)}") from error
    for name, value in (_derived_of_version_1 if version == 1 else _derived)(binarization, made).items():
        if made[name] != value:
            raise BadInput(
                f"{path}: {name} {one_line(made[name])[:120]} does not fit {binarization}, which has "
                f"{one_line(value)[:120]}"
            )
    return binarization, made


def _record(made: dict[str, Any]) -> dict[str, Any]:
    """The record of a file's binarization. Raises: ValueError for parts that do not belong together."""
    parts = made["parts"]
    colors, encodings = [part["color"] for part in parts], {part["encoding"] for part in parts}
    if len(encodings) > 1:
        raise ValueError(f"parts have the encodings {', '.join(sorted(encodings))}; expected one for all")
    if colors not in ([None] * len(parts), list(RGB)):
        raise ValueError(f"parts have the colors {colors}; expected none, or r, g and b in this order")
    levels, cut_points = [part["levels"] for part in parts], [tuple(part["cut_points"]) for part in parts]
    in_color = colors == list(RGB)
    return {
        "cut_points": cut_points if len(parts) > 1 else cut_points[0],
        "levels": dict(zip(RGB, levels, strict=True)) if in_color else levels if len(parts) > 1 else levels[0],
        "encoding": parts[0]["encoding"],
        **{name: made[name] for name in ("weights", "activations")},
    }


def _derived(binarization: Binarization, made: dict[str, Any]) -> dict[str, Any]:
    """What follows from the binarization, by the names in the file."""
    return {
        "input": str(binarization),
        "parts": parts_of(binarization),
        "channels": binarization.channels,
        "bits_per_pixel": binarization.bits,
        "index_bits_per_pixel": binarization.index_bits,
    }


def _record_of_version_1(made: dict[str, Any]) -> dict[str, Any]:
    """As _record. Version 1 has grey levels, or ranks as the encoding `local`. It may lack weights and activations."""
    record = {name: made.get(name, REAL) for name in ("weights", "activations")}
    record |= {name: made[name] for name in ("cut_points", "encoding")}
    if made["encoding"] == "local":
        in_color = any(isinstance(each, list) for each in made["cut_points"])
        rank = Rank().record
        record |= {"encoding": "thermometer", "levels": dict.fromkeys(RGB, rank) if in_color else rank}
    return record


def _derived_of_version_1(binarization: Binarization, made: dict[str, Any]) -> dict[str, Any]:
    local = made["encoding"] == "local"
    return {
        "threshold_ranges": as_lists(binarization.cut_points.ranges),
        "comparison": "256 * darker // pixels >= cut_point" if local else "pixel >= cut_point",
        "channels": binarization.channels,
        "bits_per_pixel": binarization.bits,
        "index_bits_per_pixel": binarization.index_bits,
    }


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError(f"{number[:40]} is too large")
    return value


@cache
def _validator(version: int) -> Draft202012Validator:
    name = "thresholds.schema.json" if version == VERSION else f"thresholds-{version}.schema.json"
    schema = json.loads((files("search.deploy") / name).read_text(encoding="utf-8"))
    strict: type[Draft202012Validator] = extend(Draft202012Validator, type_checker=WHOLE)  # type: ignore[no-untyped-call]
    return strict(schema)
