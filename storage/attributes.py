"""What a study keeps of itself in Optuna's attributes."""

from collections.abc import Mapping
from typing import Any

import optuna

from storage.optuna_private import set_system_attribute, system_attribute

PROTOCOL = "protocol"  # names of study attributes
PROTOCOL_FINGERPRINT = "protocol_fingerprint"
SPACE = "space"
VERSIONS = "versions"
SOURCE = "source"  # where and how the pictures were read: fields of search.data.source.Source
IDENTITY = "identity"  # a random name, so that a study made again under the same name is another one
GREYSCALE_INPUT = "greyscale_input"  # what its run is called; "greyscale" where a study does not say
GREYSCALE_FAILED = "greyscale_failed"  # its training diverged, and would again
SINCE = "grouping"  # the youngest entry of a protocol: studies without it are of an earlier version


class EarlierVersion(Exception):
    """A study whose values an earlier version measured in another way."""

    def __init__(self, study: str) -> None:
        super().__init__(
            f"study {study!r} is of an earlier version, whose values are not comparable with today's; read it with "
            "that version, or name another database with --storage"
        )


def set_internal(study: optuna.Study, key: str, value: Any) -> None:
    """Keeps study metadata that optuna-dashboard does not display."""
    set_system_attribute(study, f"cutpoints:{key}", value)


def internal(study: optuna.Study, key: str) -> Any:
    """What set_internal kept, None where it kept nothing."""
    return system_attribute(study, f"cutpoints:{key}")


def check_version(name: str, attributes: Mapping[str, Any]) -> None:
    """Raises: EarlierVersion for a study of ours whose values were measured in another way than today's."""
    if PROTOCOL in attributes and SINCE not in attributes[PROTOCOL]:
        raise EarlierVersion(name)


def data_set_fingerprint(protocol: Mapping[str, Any]) -> str:
    """Under which a data set is kept: its own fingerprint and the split's, because examples and
    histogram are of the training photos."""
    return f"{protocol['data_fingerprint']}-{protocol['split_fingerprint']}"
