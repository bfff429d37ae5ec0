"""The trainings of a confirmation, seed by seed, shared by all processes that work on it.

The predicted classes of the test images are stored in the database. Test labels are not used.
"""

import time
from collections.abc import Callable, Sequence

import pandas as pd
import torch

from models.train import Resident, train
from search.binarization.binarization import Input, from_key
from search.confirmation.finalists import Entry
from search.console.messages import say
from search.data.split import Split
from search.evaluation.device import trained_with
from search.evaluation.objective import DIVERGED, lane_of
from search.evaluation.protocol import FIRST_SEED, Protocol
from storage.confirmations import (
    RunKey,
    claim,
    claimed,
    load_failures,
    load_predicted,
    release,
    save_failure,
    save_predicted,
)
from storage.database import Database
from storage.workers import is_gone, this_worker


class TrainingDiverged(Exception):
    """A training failed, now or in an earlier run, so that its input has no mean over all seeds."""


def train_missing(
    database: Database,
    wanted: Sequence[RunKey],
    entries: Sequence[Entry],
    split: Split,
    protocol: Protocol,
    device: torch.device,
    check: Callable[[], None],
) -> list[RunKey]:
    """Runs the trainings that are missing, seed by seed; several processes share the work.

    check: called before each training step; what it raises ends everything.
    Returns the trainings that are still missing because other processes run them. Raises: TrainingDiverged.
    """
    _refuse_failed(database, wanted, protocol)
    for key, found in claimed(database, protocol.fingerprint).items():
        if is_gone(found.worker, found.at):
            release(database, key, found.worker)
    made_with = trained_with(device, protocol.recipe.precision)
    chosen = protocol.chosen(split.development)
    training = Resident.of(chosen.images, chosen.labels, device)
    test_u8 = torch.from_numpy(split.test.images).to(device)
    inputs = {entry.input.key: entry.input for entry in entries}
    done = load_predicted(database, protocol.fingerprint)
    missing = [key for key in wanted if key not in done]
    started, made = time.monotonic(), 0
    for key in missing:
        check()
        if not claim(database, key, this_worker()):
            continue
        try:
            lane = lane_of(inputs[key.input], key.seed)
            classes = len(split.pictures.class_names)
            (outcome,) = train([lane], training, test_u8, classes, protocol.recipe, None, check)
            if outcome.diverged or outcome.logits is None:
                save_failure(database, key, this_worker(), DIVERGED)
                raise _failure(inputs[key.input], key.seed, DIVERGED)
            save_predicted(database, key, this_worker(), outcome.logits.argmax(axis=1), outcome.seconds, made_with)
        except BaseException:
            release(database, key, this_worker())
            raise
        made += 1
        left = len(missing) - missing.index(key) - 1
        minutes = (time.monotonic() - started) / made * left / 60
        say(f"trained {inputs[key.input]}, seed {key.seed - FIRST_SEED + 1}  | {left} left, {minutes:.0f} min")
    _refuse_failed(database, wanted, protocol)
    done = load_predicted(database, protocol.fingerprint)
    return [key for key in wanted if key not in done]


def plan(database: Database, entries: Sequence[Entry], wanted: Sequence[RunKey], protocol: Protocol) -> pd.DataFrame:
    """The trainings that train_missing would run, as text: for each entry all, missing and failed ones."""
    done, failed = load_predicted(database, protocol.fingerprint), load_failures(database, protocol.fingerprint)
    rows = []
    for entry in entries:
        keys = [key for key in wanted if key.input == entry.input.key]
        missing = [key for key in keys if key not in done]
        row = {"input": str(entry.input), "trainings": len(keys), "missing": len(missing)}
        rows.append(
            row | {"failed": sum(key in failed for key in missing), "stands for": ", ".join(map(str, entry.roles))}
        )
    return pd.DataFrame(rows).astype(str)


def _refuse_failed(database: Database, wanted: Sequence[RunKey], protocol: Protocol) -> None:
    """Raises: TrainingDiverged where an earlier run or another process recorded a failure."""
    failed = load_failures(database, protocol.fingerprint)
    for key in (key for key in wanted if key in failed):
        raise _failure(from_key(key.input), key.seed, f"{failed[key]} in another run")


def _failure(input: Input, seed: int, why: str) -> TrainingDiverged:
    return TrainingDiverged(
        f"{input}, seed {seed - FIRST_SEED + 1}: {why}; the test set is not read. It would fail again: use "
        "another --budget or --precision, or leave that input out with --cuts or --confirm-references"
    )
