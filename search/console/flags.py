"""Flags of a command and their help from the fields of a dataclass."""

import argparse
import dataclasses
import typing
from collections.abc import Container, Iterable
from dataclasses import field
from types import UnionType
from typing import Any


class _Tuple(argparse.Action):
    """Keeps several values as a tuple."""

    def __call__(self, _: Any, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        setattr(namespace, self.dest, tuple(values))


def flag(
    help: str,
    default: Any = None,
    choices: Iterable[str] | None = None,
    metavar: str | None = None,
    without_value: Any = None,
) -> Any:
    """A field that becomes a flag. without_value: what the flag alone means; None lets it need a value."""
    choices = None if choices is None else tuple(choices)
    return field(
        default=default, metadata={"help": help, "choices": choices, "metavar": metavar, "const": without_value}
    )


def flags_of(
    config: type, parser: argparse.ArgumentParser, only: Container[str] | None = None, defaults: bool = True
) -> None:
    """One flag for each field of a config made by `flag`, or for some of them.

    A field that is true or false takes no value, a tuple several.

    defaults: whether what is not given has the field's default, or is not there.
    """
    hints = typing.get_type_hints(config)
    for each in dataclasses.fields(config):
        if "help" not in each.metadata or (only is not None and each.name not in only):
            continue
        kind, name = hints[each.name], f"--{each.name.replace('_', '-')}"
        if isinstance(kind, UnionType):
            kind = next(arg for arg in typing.get_args(kind) if arg is not type(None))
        if kind is bool:
            help = each.metadata["help"].replace("%", "%%")
            parser.add_argument(name, action="store_true", default=argparse.SUPPRESS, help=help)
            continue
        (kind, *_), several = (typing.get_args(kind), True) if typing.get_origin(kind) is tuple else ((kind,), False)
        parser.add_argument(
            name,
            action=_Tuple if several else "store",
            type=kind,
            default=each.default if defaults and each.default is not None else argparse.SUPPRESS,
            choices=each.metadata["choices"],
            metavar=each.metadata["metavar"],
            nargs="+" if several else None if each.metadata["const"] is None else "?",
            const=each.metadata["const"],
            help=each.metadata["help"].replace("%", "%%"),
        )
