"""Who is confirmed: the study's best, the references and greyscale, each once.

Enters: a study's results. Leaves: entries, chosen by validation values alone. Never reads pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from search.binarization.binarization import Binarization, Input
from search.console.messages import plural
from search.errors import BadInput, NothingToShow
from search.references.greyscale import greyscale_of
from storage.attributes import SPACE
from storage.candidates import best_by_arithmetic
from storage.results import Results

GREYSCALE = "greyscale"
RIVAL = "best of the rival study"
BEST_REFERENCE = "best reference"  # by validation value: the test set chooses nothing
# Which references are confirmed: the best of each kind and within each finalist's bits a pixel, the latter alone (and
# the best of all), all, or none.
REFERENCES = ("kinds", "within", "all", "none")


@dataclass(frozen=True)
class Entry:
    """One input that is retrained.

    roles: what it stands for, such as `best`, `best of 4`, `reference multi-otsu`. trial, value: its first trial in
    the study and the value there; None where it has none.
    """

    input: Input
    roles: tuple[str, ...]
    trial: int | None = None
    value: float | None = None

    def __str__(self) -> str:
        return str(self.input)

    @property
    def bits(self) -> int:
        """Bits that a pixel takes."""
        return self.input.bits


def finalists(
    results: Results, top: int, cuts: Sequence[int] | None, references: str, rival: Results | None = None
) -> list[Entry]:
    """Greyscale first, then the best of each number of cut points, the `top` best, the best of each kind of weights and
    activations where these are searched, references, the rival's best.

    Unless `references` is none, each of these has the best reference that takes no more bits a pixel beside it.

    cuts: the numbers of cut points that are confirmed, None for all.
    Raises: NothingToShow without a finished trial; BadInput for a number of cut points that none has.
    """
    for each in (results, rival):
        if each is not None and each.candidates.empty:
            raise NothingToShow(f"study {each.study.study_name!r} has no finished trial yet")
    candidates = results.candidates
    by_cuts = results.by_cuts
    if missing := set(cuts or ()) - set(by_cuts["cuts"]):
        there = ", ".join(map(str, by_cuts["cuts"]))
        raise BadInput(
            f"--cuts {min(missing)}: no finished trial of study {results.study.study_name!r} has so many cut points; "
            f"there are {there}"
        )
    if cuts is not None:
        by_cuts = by_cuts[by_cuts["cuts"].isin(cuts)]
    found = [_entry(row, f"best of {row['cuts']}") for _, row in by_cuts.iterrows()]
    found += [
        _entry(row, "best" if i == 0 else f"top {i + 1}") for i, (_, row) in enumerate(candidates.head(top).iterrows())
    ]
    by_arithmetic = best_by_arithmetic(candidates)
    if len(by_arithmetic) > 1:
        found += [_entry(row, f"best with {_arithmetic(row)}") for _, row in by_arithmetic.iterrows()]
    if rival is not None:
        found.append(_entry(rival.candidates.iloc[0], RIVAL))
        same = rival.by_cuts[rival.by_cuts["cuts"].isin(by_cuts["cuts"])]
        found += [_entry(row, rivals_best_of(row["cuts"])) for _, row in same.iterrows()]
    known = candidates[candidates["reference"].notna()]
    if references != "none":
        for bits in sorted({entry.bits for entry in found}):
            within = known[known["channels"] <= bits]
            found += [_entry(row, best_reference_within(bits)) for _, row in within.head(1).iterrows()]
        found += [_entry(row, BEST_REFERENCE) for _, row in known.head(1).iterrows()]
    if references == "kinds":
        known = known.drop_duplicates("reference")
    if references in ("kinds", "all"):
        found += [_entry(row, f"reference {row['reference']}") for _, row in known.iterrows()]
    return [
        Entry(greyscale_of(results.study.user_attrs[SPACE], results.data_set.colors), (GREYSCALE,)),
        *_merged(found),
    ]


def best_reference_within(bits: int) -> str:
    """The role of the best reference, by validation value, that takes so many bits a pixel or fewer."""
    return f"{BEST_REFERENCE} within {plural(bits, 'bit')}"


def rivals_best_of(cuts: int) -> str:
    """The role of the rival study's best with so many cut points."""
    return f"rival's best of {cuts}"


def with_role(entries: Sequence[Entry], role: str) -> Entry | None:
    """The entry that stands for something, such as `greyscale` or `best reference`."""
    return next((entry for entry in entries if role in entry.roles), None)


def _entry(row: "pd.Series[Any]", role: str) -> Entry:
    return Entry(Binarization.of(row), (role,), int(row["first_trial"]), float(row["value"]))


def _arithmetic(row: "pd.Series[Any]") -> str:
    return str(Binarization.of(row).arithmetic) or "real weights and activations"


def _merged(found: Sequence[Entry]) -> list[Entry]:
    """Each binarization once, with all its roles."""
    merged: dict[Input, Entry] = {}
    for entry in found:
        before = merged.get(entry.input)
        roles = (*before.roles, *(r for r in entry.roles if r not in before.roles)) if before else entry.roles
        merged[entry.input] = Entry(entry.input, roles, (before or entry).trial, (before or entry).value)
    return list(merged.values())
