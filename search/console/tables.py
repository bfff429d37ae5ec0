"""Tables for stdout: aligned for a terminal, or Markdown for a document.

Enters: data frames of text. Leaves: text.
"""

from collections.abc import Sequence

import pandas as pd

COLUMNS = 100  # of a terminal


def fitted(table: pd.DataFrame, long: Sequence[str], width: int = COLUMNS) -> pd.DataFrame:
    """A table of text whose `long` columns lose the middle of what is too long, so that its lines fit.

    What one of them leaves free goes to the next; the others stay as they are.
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
    """`0,67,118…255 thermometer`: the end says the encoding."""
    head = (width - 1) // 3
    return text if len(text) <= width else f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"


def text(table: pd.DataFrame) -> str:
    """For a terminal: right-aligned columns, the last one to the left."""
    last = table.columns[-1]
    width = max(table[last].str.len().max(), len(last))
    left = {last: lambda value: str(value).ljust(width)}
    lines = table.rename(columns={last: last.ljust(width)}).to_string(
        index=False, formatters={last.ljust(width): left[last]}
    )
    return "\n".join(line.rstrip() for line in lines.splitlines())


def markdown(table: pd.DataFrame) -> str:
    """For a README."""
    rows = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)


FORMATS = {"text": text, "markdown": markdown}
