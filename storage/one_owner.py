"""Optuna's storage, in which one process alone gets a queued trial or puts a running one back.

Enters: a trial and the state that it is to have. Leaves: the change, made by one of several processes that try it.

Optuna 5.0 looks at a trial's state and then changes it. SQLite has no lock on what was looked at, so workers that took
queued trials at once were given some of them twice. Here it is one statement. Optuna's columns hold UTC without a zone.
"""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from storage.optuna_private import TrialModel


class OneOwnerStorage(RDBStorage):
    """An RDBStorage whose changes of state are compared and set at once."""

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """As Optuna's: False for a trial to run that is not queued any more. Raises: UpdateFinishedTrialError."""
        if values is None and self._changed(trial_id, state):
            return True
        return super().set_trial_state_values(trial_id, state, values)

    def _changed(self, trial_id: int, state: TrialState) -> bool:
        before = (TrialState.WAITING,) if state is TrialState.RUNNING else (TrialState.WAITING, TrialState.RUNNING)
        time = "datetime_complete" if state.is_finished() else "datetime_start"
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        mine = sa.and_(TrialModel.trial_id == trial_id, TrialModel.state.in_(before))
        change = sa.update(TrialModel).where(mine).values({"state": state, time: now})
        with self.engine.begin() as connection:
            return connection.execute(change).rowcount == 1
