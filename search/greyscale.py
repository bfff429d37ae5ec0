"""The greyscale reference: a run of its own under the study's protocol, made once.

It has no cut points, so it is no trial; studies of the same protocol share it.
"""

from collections.abc import Callable

import optuna

from search.binarize import greyscale_table
from search.command import say
from search.metrics import METRICS
from search.objective import Evaluate, TrialSpec
from search.protocol import Protocol
from storage.database import Database
from storage.records import Run, load_runs, save_run

INPUT = "greyscale"


def greyscale_run(
    database: Database, study: optuna.Study, protocol: Protocol, evaluate: Evaluate, check: Callable[[], None]
) -> Run | None:
    """The stored run of this protocol, or a new one; None when its training diverged."""
    runs = [run for run in load_runs(database, protocol.fingerprint) if run.input == INPUT]
    if not runs:
        check()
        say("greyscale reference: training")
        (result,) = evaluate([TrialSpec(greyscale_table(), protocol.seed)], lambda *_: False, check)
        if result.value is None or result.standard_error is None:
            say("greyscale reference: failed, the training loss became NaN or infinite; there is no gap to show")
            return None
        made = Run(
            protocol.fingerprint,
            INPUT,
            protocol.seed,
            result.value,
            result.standard_error,
            result.steps,
            round(result.seconds, 2),
        )
        save_run(database, made)
        runs = [run for run in load_runs(database, protocol.fingerprint) if run.input == INPUT]
    shown = f"greyscale validation {protocol.metric}"  # for those who browse
    if shown not in study.user_attrs:
        study.set_user_attr(shown, round(runs[0].value, 4))
    say(f"greyscale reference: {METRICS[protocol.metric].shown(runs[0].value, runs[0].standard_error)}")
    return runs[0]
