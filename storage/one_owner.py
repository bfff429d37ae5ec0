"""Optuna's storage, in which a trial's state is compared and set in one statement.

Optuna 5.0 reads a trial's state and then changes it. SQLite does not lock rows that were read, so two workers could
take the same queued trial. With one statement, exactly one of several processes changes the state.
"""

import datetime as dt
from collections.abc import Sequence

from optuna.trial import TrialState

from storage.few_statements import UNFINISHED, FewStatementsStorage
from storage.optuna_private import TRIALS, VALUES, stored_value


class OneOwnerStorage(FewStatementsStorage):
    """An RDBStorage in which one process alone takes a queued trial, or finishes a running one."""

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """As Optuna's: False for a trial to run that is no longer queued. Raises: UpdateFinishedTrialError."""
        before = (TrialState.WAITING,) if state is TrialState.RUNNING else UNFINISHED
        time = "datetime_complete" if state.is_finished() else "datetime_start"
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)  # Optuna's columns hold UTC without a zone
        change = TRIALS.update().where(TRIALS.c.trial_id == trial_id, TRIALS.c.state.in_(before))
        rows = []
        for objective, each in enumerate(values or ()):
            value, kind = stored_value(each)
            rows.append({"trial_id": trial_id, "objective": objective, "value": value, "value_type": kind})
        with self.engine.begin() as connection:
            if connection.execute(change.values({"state": state, time: now})).rowcount == 1:
                if rows:
                    connection.execute(VALUES.delete().where(VALUES.c.trial_id == trial_id))
                    connection.execute(VALUES.insert(), rows)
                return True
        return super().set_trial_state_values(trial_id, state, values)
