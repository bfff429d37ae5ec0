"""Cells of the tables of a confirmation: a verdict with its difference, an accuracy with its interval."""

from search.confirmation.findings import Comparison
from search.confirmation.statistics import Estimate
from search.confirmation.verdicts import in_points


def verdict(against: Comparison | None, interval: bool = True) -> str:
    """`tied, +0.10 [-0.43, +0.62]`, in points, with or without its interval; empty without a comparison."""
    if against is None:
        return ""
    mean, low, high = (in_points(each) for each in (against.mean, against.low, against.high))
    return f"{against.verdict}, {mean}" + (f" [{low}, {high}]" if interval else "")


def with_interval(estimate: Estimate) -> str:
    """`98.04 [97.32, 98.51]`, in per cent."""
    mean, low, high = (100 * each for each in (estimate.mean, estimate.low, estimate.high))
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]"
