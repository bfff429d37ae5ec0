"""Messages for the person who waits, and small words in them."""

import contextlib
import sys
from collections.abc import Sequence


def say(message: str) -> None:
    """A message for the person who waits; data goes to stdout instead. Nothing stops when nobody listens.

    What a terminal would act on, as names of files may hold, is shown as its escape sequence.
    """
    shown = "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in message)
    with contextlib.suppress(BrokenPipeError):
        print(shown, file=sys.stderr, flush=True)


def plural(number: int, word: str, several: str | None = None) -> str:
    """`1 bit`, `2 bits`; several: the plural of a word that takes more than an s."""
    return f"{number} {word if number == 1 else several or word + 's'}"


def listed(names: Sequence[str], separator: str = ", ") -> str:
    """The first five, and how many more: `a, b, c, d, e and 2 more`."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return separator.join(name.replace("\n", "\\n") for name in names[:5]) + more


def one_line(error: object) -> str:
    """A message without line breaks."""
    return " ".join(str(error).split())
