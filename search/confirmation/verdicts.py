"""Who is better, tied or worse, when one confirmation makes many comparisons; from a reading's stored numbers alone.

Enters: findings, whose comparisons say against which input, by how much, with which interval and p. Leaves: the same
with a verdict each. Reads no pictures and no labels, so another margin is no other reading.

**Better, worse**: the comparison's 95 % interval excludes 0, and so does its p after Holm's correction (1979) over all
entries that one column of the table compares, at 5 %: of a column between equals one verdict or more is wrong in at
most 5 of 100 confirmations. A pair that stands in two columns has the larger of its two p in both.
**Equivalent**: a margin is given, and the 95 % interval lies within it on both sides: two one-sided tests (Schuirmann
1987), each at 2.5 %. That is said whatever else holds, and not corrected: it is a statement of the interval.
**Unclear**: not told apart, but it cannot be called a tie: its own interval excludes 0 and only the correction keeps it
from a verdict, or another entry with the same difference to the same input, as shown, is told apart.
**Tied**: the others. Not told apart, which is not equal.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

ERROR = 0.05  # share of confirmations of equals in which a column may say better or worse of any

Pair = frozenset[str]


def judged(found: Mapping[str, Any], margin: float | None = None) -> dict[str, Any]:
    """The findings with `p_adjusted` and `verdict` in each comparison, and the margin, 0..1, that these are for."""
    adjusted = _adjusted(found)
    told = {
        (against["to"], in_points(against["mean"]))
        for entry, against in _comparisons(found)
        if _told_apart(against, adjusted[_pair(entry, against)])
    }

    def one(entry: Mapping[str, Any], against: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if against is None:
            return None
        p = adjusted[_pair(entry, against)]
        contradicted = (against["to"], in_points(against["mean"])) in told
        verdict = _verdict(against, p, contradicted, margin)
        return {**against, "p_adjusted": round(p, 6), "verdict": verdict}

    entries = [
        {**entry, "against": {column: one(entry, against) for column, against in entry["against"].items()}}
        for entry in found["entries"]
    ]
    return {**found, "entries": entries, "margin": margin}


def in_points(difference: float) -> str:
    """As tables show a difference: `+0.10`, in points. What is shown as equal is judged as equal."""
    return f"{round(100 * difference, 2) + 0.0:+.2f}"


def _verdict(against: Mapping[str, Any], p: float, contradicted: bool, margin: float | None) -> str:
    low, high = against["low"], against["high"]
    if margin is not None and -margin <= low and high <= margin:
        return "equivalent"
    if _told_apart(against, p):
        return "better" if low > 0 else "worse"
    return "unclear" if contradicted or _excludes_zero(against) else "tied"


def _excludes_zero(against: Mapping[str, Any]) -> bool:
    return bool(against["low"] > 0 or against["high"] < 0)


def _told_apart(against: Mapping[str, Any], p: float) -> bool:
    return p <= ERROR and _excludes_zero(against)


def _adjusted(found: Mapping[str, Any]) -> dict[Pair, float]:
    """Holm's p of each pair, the larger of those of its columns."""
    from statsmodels.stats.multitest import multipletests  # takes two seconds

    columns: dict[str, dict[Pair, float]] = defaultdict(dict)
    for entry in found["entries"]:
        for column, against in entry["against"].items():
            if against is not None:
                columns[column][_pair(entry, against)] = against["p"]
    adjusted: dict[Pair, float] = {}
    for pairs in columns.values():
        for pair, p in zip(pairs, multipletests(list(pairs.values()), ERROR, "holm")[1], strict=True):
            adjusted[pair] = max(float(p), adjusted.get(pair, 0.0))
    return adjusted


def _comparisons(found: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each entry with each of its comparisons."""
    return [(entry, against) for entry in found["entries"] for against in entry["against"].values() if against]


def _pair(entry: Mapping[str, Any], against: Mapping[str, Any]) -> Pair:
    return frozenset((entry["input"], against["to"]))
