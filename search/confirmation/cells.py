"""Cells of the tables of a confirmation: a verdict, an accuracy with its interval."""

from collections.abc import Mapping
from typing import Any

from search.confirmation.verdicts import in_points


def verdict(against: Mapping[str, Any] | None, interval: bool = True) -> str:
    """`tied, +0.10 [-0.43, +0.62]`, in points, or without its interval."""
    if against is None:
        return ""
    mean, low, high = (in_points(against[key]) for key in ("mean", "low", "high"))
    return f"{against['verdict']}, {mean}" + (f" [{low}, {high}]" if interval else "")


def with_interval(estimate: Mapping[str, Any]) -> str:
    """`98.04 [97.32, 98.51]`, in per cent."""
    mean, low, high = (100 * estimate[key] for key in ("mean", "low", "high"))
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]"
