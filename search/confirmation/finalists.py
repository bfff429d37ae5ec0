"""The inputs that are confirmed: the best of the study, references, greyscale and 8-bit level maps, each once.

They are chosen by validation values only. This module reads no images.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from search.binarization.binarization import Binarization, Greyscale, Input, from_key
from search.binarization.levels import GREY
from search.confirmation.roles import (
    BEST,
    BEST_8_BIT,
    BEST_REFERENCE,
    GREYSCALE,
    LEVEL_MAP_8_BIT,
    RIVAL_BEST,
    Role,
    best_of,
    best_reference_within,
    rival_best_of,
)
from search.errors import BadInput, NothingToShow
from search.references.greyscale import greyscale_of
from storage.attributes import SPACE
from storage.candidates import best_by_arithmetic
from storage.results import Results

# Which references are confirmed: the best of each kind and within each finalist's bits per pixel, the latter alone (and
# the best of all), all, or none.
REFERENCES = ("kinds", "within", "all", "none")


@dataclass(frozen=True)
class Entry:
    """One input that is retrained.

    roles: why it is confirmed. trial: its first trial in the study, None without one. value: its validation value in
    the study; None for greyscale.
    """

    input: Input
    roles: tuple[Role, ...]
    trial: int | None = None
    value: float | None = None

    @property
    def bits(self) -> int:
        """Bits per pixel."""
        return self.input.bits


def finalists(
    results: Results, top: int, cuts: Sequence[int] | None, references: str, rival: Results | None = None
) -> list[Entry]:
    """The inputs to confirm: greyscale, the best of each number of cut points, the `top` best, the best of each kind of
    weights and activations where these are searched, the best of a rival study, references, 8-bit level maps.

    cuts: the numbers of cut points that are confirmed, None for all. references: one of REFERENCES; unless it is none,
    each input is joined by the best reference that takes no more bits per pixel, and by those of its level maps that
    the study has trained at 8 bits. The best 8-bit level map is always there if the study has trained any.
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
    found = [_entry(row, best_of(int(row["cuts"]))) for _, row in by_cuts.iterrows()]
    ranked = enumerate((row for _, row in candidates.head(top).iterrows()), start=1)
    found += [_entry(row, BEST if rank == 1 else Role("top", rank=rank)) for rank, row in ranked]
    by_arithmetic = best_by_arithmetic(candidates)
    if len(by_arithmetic) > 1:
        found += [_entry(row, _best_with_arithmetic(row)) for _, row in by_arithmetic.iterrows()]
    if rival is not None:
        found.append(_entry(rival.candidates.iloc[0], RIVAL_BEST))
        same = rival.by_cuts[rival.by_cuts["cuts"].isin(by_cuts["cuts"])]
        found += [_entry(row, rival_best_of(int(row["cuts"]))) for _, row in same.iterrows()]
    known = candidates[candidates["reference"].notna()]
    if references != "none":
        for bits in sorted({entry.bits for entry in found}):
            within = known[known["channels"] <= bits]
            found += [_entry(row, best_reference_within(bits)) for _, row in within.head(1).iterrows()]
        found += [_entry(row, BEST_REFERENCE) for _, row in known.head(1).iterrows()]
    if references == "kinds":
        known = known.drop_duplicates("reference")
    if references in ("kinds", "all"):
        found += [_entry(row, Role("reference", name=str(row["reference"]))) for _, row in known.iterrows()]
    greyscale = Entry(greyscale_of(results.study.user_attrs[SPACE], results.data_set.colors), (GREYSCALE,))
    return _merged([greyscale, *found, *_level_maps(results, [] if references == "none" else found)])


def with_role(entries: Sequence[Entry], role: Role) -> Entry | None:
    """The entry with this role, None where there is none."""
    return next((entry for entry in entries if role in entry.roles), None)


def _entry(row: "pd.Series[Any]", role: Role) -> Entry:
    return Entry(Binarization.from_key(row["key"]), (role,), int(row["first_trial"]), float(row["value"]))


def _best_with_arithmetic(row: "pd.Series[Any]") -> Role:
    return Role("best with arithmetic", arithmetic=Binarization.from_key(row["key"]).arithmetic)


def _level_maps(results: Results, found: Sequence[Entry]) -> list[Entry]:
    """The best 8-bit level map of the study, greyscale included, and the level maps of the given entries at 8 bits."""
    best = results.best_8_bit
    if best is None:
        return []
    maps = {part.level_map for each in found if isinstance(each.input, Binarization) for part in each.input.parts}
    runs = {from_key(run.input): run for run in results.level_map_runs}
    made = [Entry(from_key(best.input), (BEST_8_BIT,), value=best.value)]
    for input, run in runs.items():
        if isinstance(input, Greyscale) and input.level_map in maps - {GREY}:
            made.append(Entry(input, (LEVEL_MAP_8_BIT,), value=run.value))
    return made


def _merged(found: Sequence[Entry]) -> list[Entry]:
    """Each input once, with all its roles."""
    merged: dict[Input, Entry] = {}
    for entry in found:
        before = merged.get(entry.input)
        roles = (*before.roles, *(r for r in entry.roles if r not in before.roles)) if before else entry.roles
        merged[entry.input] = Entry(entry.input, roles, (before or entry).trial, (before or entry).value)
    return list(merged.values())
