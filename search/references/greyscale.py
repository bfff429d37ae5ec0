"""The greyscale reference: the network on 8-bit grey levels, trained once under the study's protocol.

It has no cut points, so it is not a trial. Studies of the same protocol share it.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import optuna
import torch

from models.constants import REAL
from search.binarization.binarization import Arithmetic, Greyscale
from search.console.messages import say
from search.evaluation.device import trained_with
from search.evaluation.metrics import METRICS
from search.evaluation.objective import DIVERGED, Evaluate, TrialSpec
from search.evaluation.protocol import Protocol
from storage.attributes import GREYSCALE_FAILED, GREYSCALE_INPUT, SPACE, internal, set_internal
from storage.claims import Once
from storage.database import Database
from storage.records import Run, load_runs, save_run

POLL_SECONDS = 0.5  # between two checks whether another process has trained it


def greyscale_run(
    database: Database,
    study: optuna.Study,
    protocol: Protocol,
    colors: int,
    evaluate: Evaluate,
    device: torch.device,
    check: Callable[[], None],
    until: float | None = None,
) -> Run | None:
    """The stored run of this protocol, or a new one. None when its training diverged, which the study remembers.

    check: called before each training step; what it raises ends everything. until: the time.monotonic() at which to
    stop waiting for another process that trains it.
    """
    input = greyscale_of(study.user_attrs[SPACE], colors)
    run = _stored(database, protocol, input)
    once, what = Once(protocol.fingerprint, database), f"run {input.key}"
    waiting = False
    while run is None:
        check()
        if internal(study, GREYSCALE_FAILED):
            say(f"{input} reference: failed before, {DIVERGED}; there is no gap to show")
            return None
        if once.mine(what):
            try:
                if (run := _stored(database, protocol, input)) is None:
                    run = _train(database, protocol, input, evaluate, device, check)
                    if run is None:
                        set_internal(study, GREYSCALE_FAILED, True)
            finally:
                once.give_back(what)
            if run is None:
                return None
            break
        if not waiting:
            say(f"{input} reference: another process trains it")
            waiting = True
        if until is not None and time.monotonic() >= until:
            return None
        time.sleep(POLL_SECONDS)
        run = _stored(database, protocol, input)
    if input != Greyscale() and GREYSCALE_INPUT not in study.user_attrs:
        study.set_user_attr(GREYSCALE_INPUT, input.key)
    shown = f"greyscale validation {protocol.metric}"  # for optuna-dashboard
    if shown not in study.user_attrs:
        study.set_user_attr(shown, round(run.value, 4))
    say(f"{input} reference: {METRICS[protocol.metric].shown(run.value, run.interval)}")
    if run.trained_with != (now := trained_with(device, protocol.recipe.precision)):
        say(f"warning: it was trained with {run.trained_with}, trials now with {now}; that may add to the gap")
    return run


def _stored(database: Database, protocol: Protocol, input: Greyscale) -> Run | None:
    return next((run for run in load_runs(database, protocol.fingerprint) if run.input == input.key), None)


def _train(
    database: Database,
    protocol: Protocol,
    input: Greyscale,
    evaluate: Evaluate,
    device: torch.device,
    check: Callable[[], None],
) -> Run | None:
    """Trains and stores it; None when the training diverged."""
    say(f"{input} reference: training")
    (result,) = evaluate([TrialSpec(input, protocol.seed)], lambda *_: False, check)
    if result.value is None or result.standard_error is None or result.interval is None:
        say(f"{input} reference: failed, {DIVERGED}; there is no gap to show")
        return None
    made = Run(
        protocol=protocol.fingerprint,
        input=input.key,
        seed=protocol.seed,
        value=result.value,
        standard_error=result.standard_error,
        accuracies=result.steps,
        seconds=round(result.seconds, 2),
        interval=result.interval,
        trained_with=trained_with(device, protocol.recipe.precision),
    )
    save_run(database, made)
    return made


def greyscale_of(space: Mapping[str, Any], colors: int) -> Greyscale:
    """The greyscale input of a study; weights and activations are real where they are searched."""
    kinds = {name: space.get(name, REAL) for name in ("weights", "activations")}
    return Greyscale(Arithmetic(**{name: REAL if kind == "search" else kind for name, kind in kinds.items()}), colors)
