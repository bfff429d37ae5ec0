"""The greyscale reference: a run of its own under the study's protocol, made once.

It has no cut points, so it is no trial; studies of the same protocol share it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import optuna

from search.binarize import REAL, Arithmetic, Greyscale
from search.command import say
from search.metrics import METRICS
from search.objective import Evaluate, TrialSpec
from search.protocol import Protocol
from storage.database import Database
from storage.records import Run, load_runs, save_run
from storage.results import GREYSCALE_INPUT, SPACE


def greyscale_run(
    database: Database,
    study: optuna.Study,
    protocol: Protocol,
    colors: int,
    evaluate: Evaluate,
    check: Callable[[], None],
) -> Run | None:
    """The stored run of this protocol, or a new one; None when its training diverged."""
    input = greyscale_of(study.user_attrs[SPACE], colors)
    runs = [run for run in load_runs(database, protocol.fingerprint) if run.input == str(input)]
    if not runs:
        check()
        say(f"{input} reference: training")
        (result,) = evaluate([TrialSpec(input, protocol.seed)], lambda *_: False, check)
        if result.value is None or result.standard_error is None:
            say(f"{input} reference: failed, the training loss became NaN or infinite; there is no gap to show")
            return None
        made = Run(
            protocol.fingerprint,
            str(input),
            protocol.seed,
            result.value,
            result.standard_error,
            result.steps,
            round(result.seconds, 2),
        )
        save_run(database, made)
        runs = [run for run in load_runs(database, protocol.fingerprint) if run.input == str(input)]
    if str(input) != str(Greyscale()) and GREYSCALE_INPUT not in study.user_attrs:
        study.set_user_attr(GREYSCALE_INPUT, str(input))
    shown = f"greyscale validation {protocol.metric}"  # for those who browse
    if shown not in study.user_attrs:
        study.set_user_attr(shown, round(runs[0].value, 4))
    say(f"{input} reference: {METRICS[protocol.metric].shown(runs[0].value, runs[0].standard_error)}")
    return runs[0]


def greyscale_of(space: Mapping[str, Any], colors: int) -> Greyscale:
    """The trials' network without cut points; weights and activations are real where they are searched."""
    kinds = {name: space.get(name, REAL) for name in ("weights", "activations")}
    return Greyscale(Arithmetic(**{name: REAL if kind == "search" else kind for name, kind in kinds.items()}), colors)
