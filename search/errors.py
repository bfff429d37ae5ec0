"""Errors that a command turns into one line and an exit code."""


class BadInput(Exception):
    """Input that cannot be used; the message names it and says what to do."""


class NothingToShow(Exception):
    """The study has no finished trial yet."""


class ProtocolMismatch(Exception):
    """The study holds values of another protocol, which must not be compared with new ones."""
