"""Messages on stderr, and how they name numbers and things."""

import contextlib
import difflib
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextlib.contextmanager
def quiet(on: bool = True) -> Iterator[None]:
    """Within `with`, `say` prints nothing in this thread."""
    token = _quiet.set(on)
    try:
        yield
    finally:
        _quiet.reset(token)


def is_quiet() -> bool:
    """Whether messages are turned off in this thread."""
    return _quiet.get()


def say(message: str) -> None:
    """Prints a message on stderr; stdout is for data. A closed stderr is not an error.

    Control characters are shown as escape sequences.
    """
    if is_quiet():
        return
    with contextlib.suppress(BrokenPipeError):
        print(printable(message), file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """The text with control characters, for instance in file names, as escape sequences."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def plural(number: int, word: str, several: str | None = None) -> str:
    """`1 bit`, `2 bits`. several: the plural of an irregular word."""
    return f"{number} {word if number == 1 else several or word + 's'}"


def listed(names: Sequence[str], separator: str = ", ") -> str:
    """The first five names, and the number of the others: `a, b, c, d, e and 2 more`."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return separator.join(name.replace("\n", "\\n") for name in names[:5]) + more


def one_line(error: object) -> str:
    """A message without line breaks."""
    return " ".join(str(error).split())


def nearest(written: str, known: Iterable[str]) -> str:
    """`; did you mean --color?`, or an empty string if no known name is similar."""
    names = {each.lstrip("-").lower(): each for each in known if len(each.lstrip("-")) > 1}
    found = difflib.get_close_matches(written.lstrip("-").lower(), names, n=1, cutoff=0.7)
    return f"; did you mean {names[found[0]]}?" if found else ""
