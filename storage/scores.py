"""The score of each complete trial on each validation photo.

They are stored so that two trials can be compared on the same photos. Trials of earlier versions have none.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.few_statements import without_sync
from storage.tables import trial_scores

Floats = npt.NDArray[np.floating]
COLUMNS = {"scores": "by_photo", "weights": "weights"}  # a column and its field


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of G photos, in the same order for all trials of a protocol.

    by_photo (G,): contributions to the trial's value, which is their sum. weights (G,): shares of the photos, whose
    sum is 1.
    """

    by_photo: Floats
    weights: Floats

    @property
    def value(self) -> float:
        """The weighted mean."""
        return float(self.by_photo.sum())

    @property
    def standard_error(self) -> float:
        """The standard error of the weighted mean if photos are independent; of a difference, the paired one.

        The cluster-robust (linearized) estimator for a ratio mean: Cochran, Sampling Techniques, 9A.
        """
        residuals = self.by_photo - self.weights * self.by_photo.sum()
        g = len(residuals)
        return float(np.sqrt(g / max(g - 1, 1) * (residuals**2).sum()))

    def __sub__(self, other: "Scores") -> "Scores":
        """Return the difference on the same photos."""
        return Scores(self.by_photo - other.by_photo, self.weights)


def mean_of(scores: Sequence[Scores]) -> Scores:
    """Return the mean of several trials on the same photos."""
    return Scores(np.mean([each.by_photo for each in scores], axis=0), scores[0].weights)


def save_scores(database: Database, identity: str, number: int, scores: Scores) -> None:
    """Store a running trial's scores, once."""
    row = {"study_identity": identity, "number": number}
    row |= {name: np.asarray(getattr(scores, key), "<f4").tobytes() for name, key in COLUMNS.items()}
    with suppress(IntegrityError), without_sync(database.engine) as connection:
        connection.execute(trial_scores.insert().values(**row))


def load_scores(database: Database, identity: str | None) -> Mapping[int, Scores]:
    """Return a study's scores by trial number."""
    query = sa.select(trial_scores).where(trial_scores.c.study_identity == identity)
    with database.engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return {
        row["number"]: Scores(*(np.frombuffer(row[name], "<f4").astype(np.float64) for name in COLUMNS)) for row in rows
    }
