"""The 8-bit references: the network on the 256 grey levels, or on the 256 levels of another level map.

They have no cut points, so they are not trials. Each is trained once per protocol and shared by the studies of that
protocol.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import optuna
import torch

from models.constants import REAL
from search.binarization.binarization import Arithmetic, Greyscale
from search.binarization.levels import GREY
from search.console.messages import say
from search.evaluation.device import trained_with
from search.evaluation.metrics import METRICS
from search.evaluation.objective import DIVERGED, Evaluate, TrialSpec
from search.evaluation.protocol import Protocol
from storage.attributes import GREYSCALE_FAILED, GREYSCALE_INPUT, internal, set_internal
from storage.claims import Once
from storage.database import Database
from storage.records import Run, load_runs, save_run

POLL_SECONDS = 0.5  # between two checks whether another process has trained a reference


@dataclass(frozen=True, eq=False)
class EightBit:
    """Trains the 8-bit references of a study and stores their runs.

    check: called before each training step; what it raises ends everything. until: the time.monotonic() at which to
    stop waiting for another process that trains a reference.
    """

    database: Database
    study: optuna.Study
    protocol: Protocol
    evaluate: Evaluate
    device: torch.device
    check: Callable[[], None]
    until: float | None = None

    def run(self, input: Greyscale, wait: bool = True) -> Run | None:
        """Returns the stored run of this input, or trains it. None if the training diverged, which the study remembers.

        wait: whether to wait for another process that trains it; if not, the result is None in the meantime.
        """
        run, once = self.stored(input), Once(self.protocol.fingerprint, self.database)
        waiting = False
        while run is None:
            self.check()
            if self.failed(input):
                say(f"{_name(input)}: failed before, {DIVERGED}; {_without(input)}")
                return None
            if once.mine(f"run {input.key}"):
                run = self._train_claimed(input, once)
                if run is None:
                    return None
                break
            if not wait:
                return None
            if not waiting:
                say(f"{_name(input)}: another process trains it")
                waiting = True
            if self.time_is_over:
                return None
            time.sleep(POLL_SECONDS)
            run = self.stored(input)
        self._tell(input, run)
        return run

    def failed(self, input: Greyscale) -> bool:
        """Whether the study remembers that the training of this input diverged."""
        return bool(internal(self.study, _failed(input)))

    @property
    def time_is_over(self) -> bool:
        """Whether `until` has passed."""
        return self.until is not None and time.monotonic() >= self.until

    def _train_claimed(self, input: Greyscale, once: Once) -> Run | None:
        """Trains an input that this process has claimed, unless another process stored it before the claim."""
        try:
            run = self.stored(input)
            if run is None:
                run = self._train(input)
                if run is None:
                    set_internal(self.study, _failed(input), True)
            return run
        finally:
            once.give_back(f"run {input.key}")

    def stored(self, input: Greyscale) -> Run | None:
        """Returns the stored run of this input, None before it was trained."""
        runs = load_runs(self.database, self.protocol.fingerprint)
        return next((run for run in runs if run.input == input.key), None)

    def _train(self, input: Greyscale) -> Run | None:
        """Trains and stores it; None if the training diverged."""
        protocol = self.protocol
        say(f"{_name(input)}: training")
        (result,) = self.evaluate([TrialSpec(input, protocol.seed)], lambda *_: False, self.check)
        if result.value is None or result.standard_error is None or result.interval is None:
            say(f"{_name(input)}: failed, {DIVERGED}; {_without(input)}")
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
            trained_with=trained_with(self.device, protocol.recipe.precision),
        )
        save_run(self.database, made)
        return made

    def _tell(self, input: Greyscale, run: Run) -> None:
        """Shows the value of a run, here and in optuna-dashboard."""
        study, protocol = self.study, self.protocol
        grey = input.level_map == GREY
        if grey and input != Greyscale() and GREYSCALE_INPUT not in study.user_attrs:
            study.set_user_attr(GREYSCALE_INPUT, input.key)
        shown = f"{'greyscale' if grey else input} validation {protocol.metric}"
        if shown not in study.user_attrs:
            study.set_user_attr(shown, round(run.value, 4))
        say(f"{_name(input)}: {METRICS[protocol.metric].shown(run.value, run.interval)}")
        if run.trained_with != (now := trained_with(self.device, protocol.recipe.precision)):
            say(f"warning: it was trained with {run.trained_with}, trials now with {now}; that may add to the gap")


def greyscale_of(space: Mapping[str, Any], colors: int) -> Greyscale:
    """The greyscale input of a study; weights and activations are real where they are searched."""
    kinds = {name: space.get(name, REAL) for name in ("weights", "activations")}
    return Greyscale(Arithmetic(**{name: REAL if kind == "search" else kind for name, kind in kinds.items()}), colors)


def _name(input: Greyscale) -> str:
    """The name of an input in messages."""
    return f"{input} reference" if input.level_map == GREY else str(input)


def _without(input: Greyscale) -> str:
    """What follows from a failed training."""
    return "there is no gap to show" if input.level_map == GREY else "it is left out"


def _failed(input: Greyscale) -> str:
    """The attribute that remembers a failed training; keys of level maps may be too long for a name."""
    if input.level_map == GREY:
        return GREYSCALE_FAILED
    return f"{GREYSCALE_FAILED} {hashlib.sha256(input.key.encode()).hexdigest()[:16]}"
