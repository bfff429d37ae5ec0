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
    LEVEL_MAP_INPUTS,
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
    level_map_runs: of the 8-bit level maps other than grey that the study has trained.
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
    level_map_runs: tuple[Run, ...]
    data_set: DataSet
    confirmation: Mapping[str, Any] | None
    identity: str | None
    scores: Mapping[int, Scores]

    @property
    def best_8_bit(self) -> Run | None:
        """The run of the best 8-bit level map, greyscale included. None if no other level map was trained."""
        if not self.level_map_runs:
            return None
        sign = 1 if self.study.directions[0] == StudyDirection.MAXIMIZE else -1
        runs = [*([] if self.greyscale is None else [self.greyscale]), *self.level_map_runs]
        return max(runs, key=lambda run: sign * run.value)  # of equal values, the first


def candidates_of(study: optuna.Study, trials: pd.DataFrame | None = None) -> pd.DataFrame:
    """The candidates of a study, the best first. trials: of `trials_frame`, if they are known already."""
    found = trials_frame(study) if trials is None else trials
    return candidates_frame(found, study.directions[0] == StudyDirection.MAXIMIZE)


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
    candidates = candidates_of(study, trials)
    fingerprint, identity = str(attributes[PROTOCOL_FINGERPRINT]), internal(study, IDENTITY)
    protocol: Mapping[str, Any] = attributes[PROTOCOL]
    runs = {run.input: run for run in load_runs(database, fingerprint)}
    return Results(
        study=study,
        protocol=protocol,
        protocol_fingerprint=fingerprint,
        versions=attributes.get(VERSIONS, {}),
        trials=trials,
        candidates=candidates,
        by_cuts=best_by_cuts(candidates),
        greyscale=runs.get(attributes.get(GREYSCALE_INPUT, PLAIN_GREYSCALE)),
        level_map_runs=tuple(runs[key] for key in internal(study, LEVEL_MAP_INPUTS) or () if key in runs),
        data_set=data_set,
        confirmation=strongest_findings(database, study.study_name, identity),
        identity=identity,
        scores=load_scores(database, identity),
    )
