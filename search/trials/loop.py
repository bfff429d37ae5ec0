"""The loop of a study: queue, ask, train, record, tell and show, until the study has its trials or the time is over.

Any number of processes may run it on one study. Together they train exactly the total. A process that is no longer
needed waits for the others of its machine, because it takes over the trial of one that dies.
"""

import random
import time
from collections.abc import Callable, Sequence

import optuna
import torch
from optuna.exceptions import UpdateFinishedTrialError
from optuna.study import StudyDirection

from search.binarization.binarization import Binarization
from search.config import StudyConfig
from search.console.messages import plural, say
from search.console.stop import Stopped
from search.evaluation.device import trained_with
from search.evaluation.metrics import METRICS
from search.evaluation.objective import Evaluate, TrialSpec
from search.sampling.pool import Pool
from search.sampling.samplers import SeededByRank
from search.sampling.space import Space
from search.trials.lifecycle import (
    Asked,
    ask,
    counted,
    counted_and_running,
    fail,
    is_too_many,
    put_back,
    put_back_abandoned,
    running,
    tell,
    trained_here,
    withdraw,
)
from search.trials.progress import Best, Progress
from storage.candidates import Ranking
from storage.database import Database
from storage.records import Run
from storage.study_trials import trials_of

POLL_SECONDS = 0.5  # between two readings of the study while waiting for other processes
APART_SECONDS = 0.3  # the longest random wait of a process whose trial was one too many, before it asks again


def search(
    config: StudyConfig,
    database: Database,
    study: optuna.Study,
    space: Space,
    queue: Callable[[], int],
    pool: Callable[[], Pool | None],
    evaluate: Evaluate,
    greyscale: Run | None,
    device: torch.device,
    check: Callable[[], None],
    started: float,
) -> None:
    """Run trials until the study has its total, the time is over, or only other machines still train.

    queue: queues the references that are missing. pool: makes the candidates of the sampler ONE_SHOT; it is called
    once, if trials are missing. check: is called before each trial and each training step; what it
    raises ends the loop, after the running trial was queued again. started: time.monotonic() of the start of the run.
    """
    if (done := counted(study)) >= config.trials:
        say(f"the study has {plural(done, 'trial')} already; increase --trials to continue")
        return
    one_objective = len(study.directions) == 1
    if not one_objective:
        say("two objectives: nothing is pruned, each trial is trained to the end")
    study.sampler = SeededByRank(config.sampler, config.seed, space, pool())
    metric, step_name = METRICS[config.metric], "epoch" if config.trainings == 1 else "training"
    bits, best, made_with = 8 * space.colors, best_so_far(study), trained_with(device, config.precision)
    with Progress(config.trials, done, greyscale, bits, best, metric, step_name) as progress:
        while True:
            done, now = counted_and_running(study)
            if done >= config.trials:
                return
            check()
            if config.timeout is not None and time.monotonic() - started >= config.timeout:
                say(f"--timeout: {config.timeout:g} seconds are over")
                return
            if done + now >= config.trials:
                if not wait_for_others(study, config.trials, check):
                    return
                continue
            queue()
            try:
                batch = [ask(study, space, config.seed, made_with)]
            except UpdateFinishedTrialError:
                say("another process assumed that this one had died while it started a trial; another trial is started")
                continue
            if is_too_many(study, config.trials):
                for asked in batch:
                    withdraw(study, asked)
                time.sleep(random.uniform(0, APART_SECONDS))
                continue
            progress.start(batch)

            def report(lane: int, step: int, value: float, batch: Sequence[Asked] = batch) -> bool:
                asked = batch[lane]
                progress.step(step, value)
                if not one_objective:
                    return False
                asked.trial.report(value, step + 1)
                return asked.prunable and asked.trial.should_prune()

            specs = [TrialSpec(asked.binarization, asked.training_seed) for asked in batch]
            try:
                results = evaluate(specs, report, check)
            except (Stopped, KeyboardInterrupt) as stop:
                for asked in batch:
                    put_back(study, asked.trial.number, f"{type(stop).__name__} {stop}".strip())
                raise
            except UpdateFinishedTrialError:
                say_lost(batch[0])
                continue
            except Exception as error:
                for asked in batch:
                    fail(study, asked, f"{type(error).__name__}: {error}")
                raise
            for asked, result in zip(batch, results, strict=True):
                try:
                    state = tell(study, asked, result, database)
                except UpdateFinishedTrialError:
                    say_lost(asked)
                    continue
                progress.end(asked, result, state, counted(study), best_so_far(study))


def say_lost(asked: Asked) -> None:
    """Say that a trial was lost: this process was paused for long, or another machine could not see it."""
    say(
        f"trial {asked.trial.number}: another process assumed that this one had died and queued the trial again; the "
        "result from here is discarded"
    )


def wait_for_others(study: optuna.Study, total: int, check: Callable[[], None]) -> bool:
    """Wait until a trial is needed again or the study has its total; return False if only other machines train."""
    said: set[str] = set()
    while True:
        done, now = counted_and_running(study)
        if not done + now >= total > done:
            return True
        check()
        if put_back_abandoned(study):
            say("a trial of a process that ended is queued again")
            return True
        others = running(study)
        workers = {str(t.user_attrs["worker"]) for t in others if "worker" in t.user_attrs}
        if others and not any(trained_here(t) for t in others):
            say(f"{plural(len(others), 'trial')} still running on other machines: {', '.join(sorted(workers))}")
            return False
        if workers - said:
            say(f"waiting for {plural(len(others), 'trial')} in other processes: {', '.join(sorted(workers))}")
            said |= workers
        time.sleep(POLL_SECONDS)


def best_so_far(study: optuna.Study) -> Best | None:
    """Return the best candidate of the study now, or None before the first complete trial."""
    maximize = study.directions[0] == StudyDirection.MAXIMIZE
    best = trials_of(study).summary(Ranking, lambda: Ranking(maximize)).best
    return None if best is None else Best(Binarization.from_key(best.key), best.value, best.interval)
