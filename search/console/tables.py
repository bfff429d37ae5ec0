"""Data frames of text as tables: aligned for a terminal, or as Markdown."""

from collections.abc import Sequence

import pandas as pd

COLUMNS = 100  # of a terminal


def fitted(table: pd.DataFrame, long: Sequence[str], width: int = COLUMNS) -> pd.DataFrame:
    """Shortens texts of the `long` columns in the middle, so that each line of the table fits in `width` characters.

    Width that one of these columns does not need goes to the next one. Other columns are unchanged.
    """
    made = table.copy()
    widths = {str(name): max(len(str(name)), *table[name].str.len()) for name in table}
    left = width - sum(widths[name] for name in widths if name not in long) - (len(widths) - 1)
    for i, name in enumerate(long):
        others = [widths[other] for other in long[i + 1 :]]
        share = max(left - sum(others), left // (len(others) + 1), len(name))
        made[name] = [_shortened(value, share) for value in table[name]]
        left -= min(widths[name], share)
    return made


def _shortened(text: str, width: int) -> str:
    """Keeps a third from the start and the rest from the end: `0,67,118…255 thermometer`."""
    head = (width - 1) // 3
    return text if len(text) <= width else f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"


def text(table: pd.DataFrame) -> str:
    """An aligned table for a terminal. Columns are right-aligned, except for the last one."""
    last = table.columns[-1]
    width = max(table[last].str.len().max(), len(last))
    left = {last: lambda value: str(value).ljust(width)}
    lines = table.rename(columns={last: last.ljust(width)}).to_string(
        index=False, formatters={last.ljust(width): left[last]}
    )
    return "\n".join(line.rstrip() for line in lines.splitlines())


def markdown(table: pd.DataFrame) -> str:
    """A Markdown table."""
    rows = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)


FORMATS = {"text": text, "markdown": markdown}
