"""The attributes in which a study describes itself."""

from collections.abc import Mapping
from typing import Any

import optuna

from storage.optuna_private import set_system_attribute, system_attribute

PROTOCOL = "protocol"  # the names of study attributes
PROTOCOL_FINGERPRINT = "protocol_fingerprint"
SPACE = "space"
VERSIONS = "versions"
SOURCE = "source"  # where and how the images were read: fields of search.data.source.Source
IDENTITY = "identity"  # random, so that a study that is deleted and created again under the same name differs
GREYSCALE_INPUT = "greyscale_input"  # the key of the input of the greyscale run, where it is not PLAIN_GREYSCALE
PLAIN_GREYSCALE = '{"activations":"real","colors":1,"weights":"real"}'  # Greyscale().key
GREYSCALE_FAILED = "greyscale_failed"  # its training diverged, and would diverge again
LEVEL_MAP_INPUTS = "level_map_inputs"  # keys of the 8-bit level maps that the study has chosen to train
SINCE = "grouping"  # the newest required key of a protocol; studies without it are of an earlier version


class EarlierVersion(Exception):
    """A study of an earlier version, which measured values differently."""

    def __init__(self, study: str) -> None:
        super().__init__(
            f"study {study!r} is of an earlier version, whose values are not comparable with today's; read it with "
            "that version, or name another database with --storage"
        )


def set_internal(study: optuna.Study, key: str, value: Any) -> None:
    """Stores study metadata that optuna-dashboard does not display."""
    set_system_attribute(study, f"cutpoints:{key}", value)


def internal(study: optuna.Study, key: str) -> Any:
    """The value stored by set_internal, None where there is none."""
    return system_attribute(study, f"cutpoints:{key}")


def check_version(name: str, attributes: Mapping[str, Any]) -> None:
    """Checks that a study's values are comparable with today's. Raises: EarlierVersion."""
    if PROTOCOL in attributes and SINCE not in attributes[PROTOCOL]:
        raise EarlierVersion(name)


def data_set_fingerprint(protocol: Mapping[str, Any]) -> str:
    """The key of a stored data set: fingerprints of the data and of the split, because the examples and the histogram
    are of the training photos."""
    return f"{protocol['data_fingerprint']}-{protocol['split_fingerprint']}"
