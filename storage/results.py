"""All that is known of one study, read from the database in one go.

Enters: a database and a study's name. Leaves: Results, plain data frames and values, from which
the export and the report are made without the pictures at hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna
import pandas as pd
from optuna.study import StudyDirection

from storage.confirmations import strongest_findings
from storage.database import PROTOCOL, Database, EarlierVersion, UnknownStudy, is_earlier
from storage.records import DataSet, Run, best_by_cuts, candidates_frame, load_data_set, load_runs, trials_frame
from storage.scores import Scores, load_scores

PROTOCOL_FINGERPRINT = "protocol_fingerprint"  # names of study attributes
SPACE = "space"
VERSIONS = "versions"
SOURCE = "source"  # where and how the pictures were read: fields of search.data.source.Source
IDENTITY = "identity"  # a random name, so that a study made again under the same name is another one
GREYSCALE_FAILED = "greyscale_failed"  # its training diverged, and would again
GREYSCALE_INPUT = "greyscale_input"  # what its run is called; "greyscale" where a study does not say


def set_internal(study: optuna.Study, key: str, value: Any) -> None:
    """Keeps something of a study that who browses need not see: optuna-dashboard shows a handful of user attributes."""
    study._storage.set_study_system_attr(study._study_id, f"cutpoints:{key}", value)


def internal(study: optuna.Study, key: str) -> Any:
    """What set_internal kept, None where it kept nothing."""
    return study._storage.get_study_system_attrs(study._study_id).get(f"cutpoints:{key}")


@dataclass(frozen=True, eq=False)
class Results:
    """One study's records. candidates: a row a binarization, the best first; by_cuts: a row a number of cuts."""

    study: optuna.Study
    protocol: Mapping[str, Any]
    protocol_fingerprint: str
    versions: Mapping[str, str]
    trials: pd.DataFrame
    candidates: pd.DataFrame
    by_cuts: pd.DataFrame
    greyscale: Run | None
    data_set: DataSet
    confirmation: Mapping[str, Any] | None  # what the strongest reading of python -m search.confirm found
    identity: str | None
    scores: Mapping[int, Scores]  # by trial number; older trials have none


def load_results(database: Database, study_name: str | None) -> Results:
    """Results of the study of that name, without a name of the newest. Raises: UnknownStudy."""
    study = database.load_study(study_name)
    attributes = study.user_attrs
    if PROTOCOL not in attributes:
        raise UnknownStudy(f"study {study.study_name!r} was not made by python -m search.study; name another one")
    check_version(study)
    data_set = load_data_set(database, data_set_fingerprint(attributes[PROTOCOL]))
    if data_set is None:
        raise UnknownStudy(
            f"study {study.study_name!r} lacks the tables of python -m search.study, as after a copy by Optuna alone; "
            "name the database that it was made in with --storage"
        )
    trials = trials_frame(study)
    candidates = candidates_frame(trials, study.directions[0] == StudyDirection.MAXIMIZE)
    fingerprint, identity = str(attributes[PROTOCOL_FINGERPRINT]), internal(study, IDENTITY)
    protocol: Mapping[str, Any] = attributes[PROTOCOL]
    greyscale = [
        run for run in load_runs(database, fingerprint) if run.input == attributes.get(GREYSCALE_INPUT, "greyscale")
    ]
    return Results(
        study=study,
        protocol=protocol,
        protocol_fingerprint=fingerprint,
        versions=attributes.get(VERSIONS, {}),
        trials=trials,
        candidates=candidates,
        by_cuts=best_by_cuts(candidates),
        greyscale=greyscale[0] if greyscale else None,
        data_set=data_set,
        confirmation=strongest_findings(database, study.study_name, identity),
        identity=identity,
        scores=load_scores(database, identity),
    )


def check_version(study: optuna.Study) -> None:
    """Raises: EarlierVersion for a study of ours whose values were measured in another way than today's."""
    if is_earlier(study.user_attrs):
        raise EarlierVersion(study.study_name)


def data_set_fingerprint(protocol: Mapping[str, Any]) -> str:
    """Under which a data set is kept: its own fingerprint and the split's, because examples and
    histogram are of the training photos."""
    return f"{protocol['data_fingerprint']}-{protocol['split_fingerprint']}"
