"""Flags of a command and their help, made from the fields of a dataclass."""

import argparse
import dataclasses
import typing
from collections.abc import Container, Iterable
from dataclasses import field
from types import UnionType
from typing import Any

from search.console.parser import CommandParser


class _Tuple(argparse.Action):
    """Stores several values as a tuple."""

    def __call__(self, _: Any, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        setattr(namespace, self.dest, tuple(values))


def flag(
    help: str,
    default: Any = None,
    choices: Iterable[str] | None = None,
    metavar: str | None = None,
    usual: str | None = None,
    group: str | None = None,
    without_value: Any = None,
) -> Any:
    """A dataclass field that becomes a flag.

    usual: the default in words, for a flag whose default is not a fixed value.
    group: the heading under which the help lists the flag.
    without_value: the value of the flag when it is given alone; None means that the flag requires a value.
    """
    choices = None if choices is None else tuple(choices)
    return field(
        default=default,
        metadata={
            "help": help,
            "choices": choices,
            "metavar": metavar,
            "usual": usual,
            "group": group,
            "const": without_value,
        },
    )


def flags_of(config: type, parser: CommandParser, only: Container[str] | None = None, defaults: bool = True) -> None:
    """Adds a flag for each field of `config` that `flag` made.

    A boolean field becomes a flag without a value, a tuple a flag with several values.

    only: the names of the fields; None means all.
    defaults: whether flags have the default of their field. Without it, flags that are not given are absent from
        the parsed arguments.
    """
    hints = typing.get_type_hints(config)
    for each in dataclasses.fields(config):
        if "help" not in each.metadata or (only is not None and each.name not in only):
            continue
        kind, name, meta = hints[each.name], f"--{each.name.replace('_', '-')}", each.metadata
        if isinstance(kind, UnionType):
            kind = next(arg for arg in typing.get_args(kind) if arg is not type(None))
        words = {
            "help": meta["help"],
            "usual": meta["usual"] if defaults else None,
            "group": meta["group"],
        }
        if kind is bool:
            parser.add_flag(name, action="store_true", default=argparse.SUPPRESS, **words)
            continue
        (kind, *_), several = (typing.get_args(kind), True) if typing.get_origin(kind) is tuple else ((kind,), False)
        parser.add_flag(
            name,
            action=_Tuple if several else "store",
            type=kind,
            default=each.default if defaults and each.default is not None else argparse.SUPPRESS,
            choices=meta["choices"],
            metavar=meta["metavar"],
            nargs="+" if several else None if meta["const"] is None else "?",
            const=meta["const"],
            **words,
        )
