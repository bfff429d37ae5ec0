"""Verdicts: better, tied, worse, equivalent or unclear, for all comparisons of one confirmation together.

A verdict is computed from the stored numbers of a comparison only. No images or labels are read, so judging again
with another margin is not another reading of the test set.

**Better, worse**: the 95 % interval of the difference excludes 0, and so does its p value after Holm's correction
(1979) over all entries that one column of the table compares, at 5 %. In a column of equal inputs, one verdict or more
is wrong in at most 5 of 100 confirmations. A pair that appears in two columns gets the larger of its two p values.
**Equivalent**: a margin is given, and the 95 % interval lies within it on both sides. These are two one-sided tests
(Schuirmann 1987), each at 2.5 %. This verdict comes before all others and is not corrected.
**Unclear**: neither better nor worse, but not a tie either: the interval excludes 0 and only the correction prevents a
verdict, or another entry with the same displayed difference to the same input is better or worse.
**Tied**: all others. No difference was detected, which does not show that there is none.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from search.binarization.binarization import Input
from search.confirmation.findings import Comparison, Confirmed, Findings

ERROR = 0.05  # largest share of confirmations of equal inputs in which a column may say better or worse

Pair = frozenset[Input]


def judged(found: Findings, margin: float | None = None) -> Findings:
    """The findings with `p_adjusted` and `verdict` in each comparison.

    margin: a difference in accuracy, 0..1, that does not matter.
    """
    adjusted = _adjusted(found)
    told = {
        (against.to, in_points(against.mean))
        for entry, against in _comparisons(found)
        if _told_apart(against, adjusted[_pair(entry, against)])
    }

    def one(entry: Confirmed, against: Comparison) -> Comparison:
        p = adjusted[_pair(entry, against)]
        contradicted = (against.to, in_points(against.mean)) in told
        return replace(against, p_adjusted=round(p, 6), verdict=_verdict(against, p, contradicted, margin))

    entries = (
        replace(entry, against={column: one(entry, against) for column, against in entry.against.items()})
        for entry in found.entries
    )
    return replace(found, entries=tuple(entries), margin=margin)


def in_points(difference: float) -> str:
    """A difference as tables show it, in points: `+0.10`. Differences that look equal are judged as equal."""
    return f"{round(100 * difference, 2) + 0.0:+.2f}"


def _verdict(against: Comparison, p: float, contradicted: bool, margin: float | None) -> str:
    if margin is not None and -margin <= against.low and against.high <= margin:
        return "equivalent"
    if _told_apart(against, p):
        return "better" if against.low > 0 else "worse"
    return "unclear" if contradicted or _excludes_zero(against) else "tied"


def _excludes_zero(against: Comparison) -> bool:
    return against.low > 0 or against.high < 0


def _told_apart(against: Comparison, p: float) -> bool:
    return p <= ERROR and _excludes_zero(against)


def _adjusted(found: Findings) -> dict[Pair, float]:
    """The p value of each pair by Holm's method, the larger of those of its columns."""
    from statsmodels.stats.multitest import multipletests  # takes two seconds

    columns: dict[str, dict[Pair, float]] = defaultdict(dict)
    for entry in found.entries:
        for column, against in entry.against.items():
            columns[column][_pair(entry, against)] = against.p
    adjusted: dict[Pair, float] = {}
    for pairs in columns.values():
        for pair, p in zip(pairs, multipletests(list(pairs.values()), ERROR, "holm")[1], strict=True):
            adjusted[pair] = max(float(p), adjusted.get(pair, 0.0))
    return adjusted


def _comparisons(found: Findings) -> Iterator[tuple[Confirmed, Comparison]]:
    """Each entry with each of its comparisons."""
    return ((entry, against) for entry in found.entries for against in entry.against.values())


def _pair(entry: Confirmed, against: Comparison) -> Pair:
    return frozenset((entry.input, against.to))
