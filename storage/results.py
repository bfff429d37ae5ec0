"""The results of one study, read from the database at once.

They are plain data frames and values. Exports and the report are made from them, without the images.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna
import pandas as pd
from optuna.study import StudyDirection

from storage.attributes import (
    GREYSCALE_INPUT,
    IDENTITY,
    PLAIN_GREYSCALE,
    PROTOCOL,
    PROTOCOL_FINGERPRINT,
    VERSIONS,
    check_version,
    data_set_fingerprint,
    internal,
)
from storage.candidates import best_by_cuts, candidates_frame
from storage.confirmations import strongest_findings
from storage.database import Database, UnknownStudy
from storage.records import DataSet, Run, load_data_set, load_runs, trials_frame
from storage.scores import Scores, load_scores


@dataclass(frozen=True, eq=False)
class Results:
    """The records of one study.

    candidates: one row for each binarization, the best first. by_cuts: the best for each number of cut points.
    confirmation: the findings of the strongest reading of the test set, as search/confirmation/findings.py stores them.
    scores: by trial number; trials of earlier versions have none.
    """

    study: optuna.Study
    protocol: Mapping[str, Any]
    protocol_fingerprint: str
    versions: Mapping[str, str]
    trials: pd.DataFrame
    candidates: pd.DataFrame
    by_cuts: pd.DataFrame
    greyscale: Run | None
    data_set: DataSet
    confirmation: Mapping[str, Any] | None
    identity: str | None
    scores: Mapping[int, Scores]


def load_results(database: Database, study_name: str | None) -> Results:
    """The results of a study; without a name, of the study that was created last. Raises: UnknownStudy."""
    study = database.load_study(study_name)
    attributes = study.user_attrs
    if PROTOCOL not in attributes:
        raise UnknownStudy(f"study {study.study_name!r} was not made by python -m search.study; name another one")
    check_version(study.study_name, attributes)
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
        run for run in load_runs(database, fingerprint) if run.input == attributes.get(GREYSCALE_INPUT, PLAIN_GREYSCALE)
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
