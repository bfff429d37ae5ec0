"""Errors that a command turns into one line and an exit code."""


class BadInput(ValueError):
    """Input that cannot be used; the message names it and says what to do.

    A ValueError, which callers of the Python API and scikit-learn expect. In a command it ends with exit code 2.
    """


class NothingToShow(Exception):
    """The study has no finished trial yet."""


class ProtocolMismatch(Exception):
    """The study holds values of another protocol, which must not be compared with new ones."""
