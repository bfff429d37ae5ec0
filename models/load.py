"""A network by its name: one of NETWORKS, or `package.module:function` for a network of the user's own.

Loading a network of the user's own imports its module, which runs the code in it. Callers therefore load only names
that the user has given, never a name that is found in a file or a database.
"""

import difflib
import hashlib
import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from models.networks import NETWORKS
from models.spec import NetworkSpec

NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
FORM = "package.module:function"


class UnusableNetwork(ValueError):
    """A network that cannot be loaded, built or trained; the message says why and what to do."""


def is_own(name: str) -> bool:
    """Whether a name is that of a network of the user's own."""
    return ":" in name


def check_name(name: str) -> None:
    """Checks how a name is written; imports nothing.

    Raises: UnusableNetwork for a name that is neither in NETWORKS nor of the form `package.module:function`, with the
    nearest name of NETWORKS.
    """
    if name in NETWORKS or NAME.fullmatch(name):
        return
    near = difflib.get_close_matches(name.lower(), NETWORKS, n=1, cutoff=0.7)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise UnusableNetwork(f"{name!r}: expected {', '.join(NETWORKS)} or {FORM}{hint}")


def load_network(name: str) -> Callable[[NetworkSpec], nn.Module]:
    """The function or class that builds the network of this name.

    Raises: UnusableNetwork for a module or attribute that does not exist, a module that fails on import, and an
    attribute that cannot be called.
    """
    check_name(name)
    if name in NETWORKS:
        return NETWORKS[name]
    return _loaded(name)[1]


def source_digest(name: str) -> str | None:
    """The first 16 hexadecimal digits of SHA-256 over the source file of a network of the user's own; None for ours.

    The file is that of the module in the name. If another module defines the function, its file follows. What these
    modules import is not hashed.
    Raises: UnusableNetwork, also for a module that has no readable source file.
    """
    check_name(name)
    if name in NETWORKS:
        return None
    module, builder = _loaded(name)
    files = [_source_file(module, name)]
    defined = inspect.unwrap(builder)
    if inspect.isfunction(defined) or inspect.isclass(defined):
        other = inspect.getmodule(defined)
        if other is not None and other is not module:
            files.append(_source_file(other, name))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _loaded(name: str) -> tuple[ModuleType, Callable[[NetworkSpec], nn.Module]]:
    path, attribute = name.split(":")
    module = _imported(path, name)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise UnusableNetwork(f"{name}: module {path!r} has no attribute {attribute!r}")
        found = getattr(found, part)
    if not callable(found):
        raise UnusableNetwork(f"{name}: expected a function that takes a NetworkSpec, not a {type(found).__name__}")
    return module, found


def _imported(path: str, name: str) -> ModuleType:
    importlib.invalidate_caches()  # the file may be newer than the last look into its folder
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{path}.".startswith(f"{error.name}."):
            raise _failed_import(path, name, error) from error
        hint = f"; write {name.replace('.py:', ':')}" if ".py:" in name else ""
        raise UnusableNetwork(
            f"{name}: there is no module {error.name!r} in the current folder or among the installed packages{hint}"
        ) from error
    except (Exception, SystemExit) as error:
        raise _failed_import(path, name, error) from error


def _failed_import(path: str, name: str, error: BaseException) -> UnusableNetwork:
    return UnusableNetwork(f"{name}: importing {path} failed with {type(error).__name__}: {error}")


def _source_file(module: ModuleType, name: str) -> Path:
    try:
        file = inspect.getsourcefile(module)
    except TypeError:  # a namespace package or a module in C
        file = None
    if file is None or not Path(file).is_file():
        raise UnusableNetwork(
            f"{name}: module {module.__name__!r} has no source file, which is needed to tell its versions apart; "
            "name a function in a .py file"
        )
    return Path(file)
