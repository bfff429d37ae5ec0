"""Keyword arguments of the Python API to a StudyConfig, checked as the flags of the command are."""

import dataclasses
import inspect
import operator
import re
import sys
import typing
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any

import numpy as np

from models.networks import NETWORKS
from search.config import StudyConfig
from search.console.messages import nearest
from search.data.pictures import NONE
from search.errors import BadInput

FIELDS = {each.name: each for each in dataclasses.fields(StudyConfig)}
# Settings of the command that say where images are and how files become images, and what follows the search.
OF_THE_COMMAND = ("data", "data_dir", "shape", "size", "fit", "skip_bad", "groups", "confirm", "output_dir")


def config_of(function: Callable[..., object], settings: Mapping[str, Any], **fixed: Any) -> StudyConfig:
    """The StudyConfig of a function's keyword arguments.

    function: the function that was called, for messages. fixed: settings that are no arguments of that name.
    Raises: TypeError for an unknown name or a value of the wrong type; BadInput for a value that is not allowed.
    """
    known = (FIELDS.keys() - set(OF_THE_COMMAND)) | inspect.signature(function).parameters.keys()
    hints = typing.get_type_hints(StudyConfig)
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in FIELDS or name in OF_THE_COMMAND:
            raise TypeError(f"{function.__name__}() got an unexpected keyword argument {name!r}{nearest(name, known)}")
        value = network_name(value) if name == "network" and callable(value) else value
        values[name] = _checked(name, value, hints[name])
    groups = fixed.get("groups")
    if groups not in (None, NONE):
        raise BadInput(f"groups {groups!r}: expected an array (N,), {NONE!r} or None")
    return StudyConfig(**values, **fixed)


def network_name(builder: Callable[..., object]) -> str:
    """The name by which a network of one's own is imported again: `package.module:function`.

    Raises: BadInput for a function that another process cannot import, such as a lambda or one defined in a notebook.
    """
    if own := next((name for name, known in NETWORKS.items() if known is builder), None):
        return own
    module, path = getattr(builder, "__module__", None), getattr(builder, "__qualname__", None)
    found: object = None if module == "__main__" else sys.modules.get(str(module))
    for part in str(path).split("."):
        found = getattr(found, part, None)
    if found is not builder:
        raise BadInput(
            f"network {builder!r}: not importable by name; define it at the top level of a module (a .py file) and "
            "import it from there"
        )
    return f"{module}:{path}"


def as_arguments(message: str) -> str:
    """A message with the names of arguments in place of the flags': `max_cuts 0` for `--max-cuts 0`."""

    def name(match: re.Match[str]) -> str:
        argument = match[1].replace("-", "_")
        return argument if argument in FIELDS else match[0]

    return re.sub(r"--([a-z]+(?:-[a-z]+)*)", name, message)


def _checked(name: str, value: Any, hint: Any) -> Any:
    """A value of a field's type, with NumPy's numbers as Python's."""
    kinds = typing.get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if value is None and type(None) in kinds:
        return None
    kind = next(each for each in kinds if each is not type(None))
    choices = FIELDS[name].metadata["choices"]
    if isinstance(value, str) and choices is not None and value not in choices:
        raise BadInput(f"{name} {value!r}: expected one of {', '.join(choices)}{nearest(value, choices)}")
    if isinstance(value, bool | np.bool_) == (kind is bool):
        if kind is int and hasattr(value, "__index__"):
            return operator.index(value)
        if kind is float and isinstance(value, int | float | np.number):
            return float(value)
        if kind in (bool, str) and isinstance(value, kind | np.bool_):
            return kind(value)
    raise TypeError(f"{name}={value!r}: expected {kind.__name__}, not {type(value).__name__}")
