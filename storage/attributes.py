"""What a study keeps of itself in Optuna's attributes."""

from collections.abc import Mapping
from typing import Any

import optuna

from storage.database import EarlierVersion, is_earlier
from storage.optuna_private import set_system_attribute, system_attribute

PROTOCOL_FINGERPRINT = "protocol_fingerprint"  # names of study attributes
SPACE = "space"
VERSIONS = "versions"
SOURCE = "source"  # where and how the pictures were read: fields of search.data.source.Source
IDENTITY = "identity"  # a random name, so that a study made again under the same name is another one
GREYSCALE_INPUT = "greyscale_input"  # what its run is called; "greyscale" where a study does not say
GREYSCALE_FAILED = "greyscale_failed"  # its training diverged, and would again


def set_internal(study: optuna.Study, key: str, value: Any) -> None:
    """Keeps study metadata that optuna-dashboard does not display."""
    set_system_attribute(study, f"cutpoints:{key}", value)


def internal(study: optuna.Study, key: str) -> Any:
    """What set_internal kept, None where it kept nothing."""
    return system_attribute(study, f"cutpoints:{key}")


def check_version(study: optuna.Study) -> None:
    """Raises: EarlierVersion for a study of ours whose values were measured in another way than today's."""
    if is_earlier(study.user_attrs):
        raise EarlierVersion(study.study_name)


def data_set_fingerprint(protocol: Mapping[str, Any]) -> str:
    """Under which a data set is kept: its own fingerprint and the split's, because examples and
    histogram are of the training photos."""
    return f"{protocol['data_fingerprint']}-{protocol['split_fingerprint']}"
