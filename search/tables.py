"""Tables for stdout: aligned for a terminal, or Markdown for a document.

Enters: data frames of text. Leaves: text.
"""

import pandas as pd


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
