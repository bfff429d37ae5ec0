"""A study from its images to its last trial: the three functions that the command and the Python API call.

`prepare` takes settings and images and returns a Plan; it writes nothing. `create_or_join` writes the study.
`run_trials` trains.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import optuna
import torch

from search.binarization.levels import GREY
from search.config import StudyConfig, budget_of
from search.console.messages import plural, say
from search.console.stop import Stopped, StopSignals
from search.data.notes import first_lines
from search.data.pictures import Pictures
from search.data.source import Source
from search.data.split import COPIES, GROUPS, Split, split_pictures
from search.evaluation.device import choose_device, trained_with
from search.evaluation.network import check_network, inputs_to_try, network_source
from search.evaluation.objective import Evaluate, make_objective
from search.evaluation.one_shot import scored_pool
from search.evaluation.protocol import Protocol, make_protocol
from search.references.catalogue import Reference, ToLearn, references
from search.references.eight_bit_maps import best_level_maps, say_skipped, train_level_maps
from search.references.greyscale import EightBit, greyscale_of
from search.references.learned import make_learner
from search.references.pixels import TrainingPixels
from search.sampling.pool import Pool
from search.sampling.pruners import PRUNERS
from search.sampling.samplers import ONE_SHOT
from search.sampling.space import Space
from search.trials.joining import default_name, describe, join
from search.trials.lifecycle import counted, made_with, put_back, put_back_abandoned, running
from search.trials.loop import search
from search.trials.queue import enqueue
from search.trials.reopen import remember_source
from search.trials.spaces import space_of
from storage.attributes import IDENTITY, SPACE, internal
from storage.claims import Once
from storage.database import Database
from storage.records import save_data_set
from storage.results import candidates_of
from storage.workers import this_worker

MakeObjective = Callable[[Split, Protocol, torch.device], Evaluate]


@dataclass(frozen=True, eq=False)
class Plan:
    """A study before its first trial: its settings, its split images, and what follows from both.

    pixels: the training pixels.
    source: where the images were read, None for images that were given as arrays.
    """

    name: str
    config: StudyConfig
    source: Source | None
    split: Split
    protocol: Protocol
    pixels: TrainingPixels
    space: Space
    device: torch.device
    evaluate: Evaluate


def check_environment(config: StudyConfig) -> torch.device:
    """The device to train on; call it before anything is read or written.

    Raises: BadInput for a device that is not available, or a network that cannot be imported.
    """
    device = choose_device(config.device)
    network_source(config.network)
    return device


def prepare(
    config: StudyConfig,
    pictures: Pictures,
    why: str,
    source: Source | None,
    device: torch.device,
    make: MakeObjective = make_objective,
) -> Plan:
    """Splits the images, makes the protocol and the search space, and shows the first lines of a study.

    why: why these images, for the first line. make: builds the function that evaluates trials; tests replace it.
    Raises: BadInput for images that cannot be split, or a network that cannot be trained on them.
    """
    split = split_pictures(pictures, config.seed, config.folds)
    protocol = make_protocol(
        split,
        budget_of(config),
        config.seed,
        config.batch_size,
        config.metric,
        config.folds,
        config.repeats,
        variants_of=GROUPS if pictures.groups_given and config.variants is not None else COPIES,
    )
    for line in first_lines(split, why, len(protocol.chosen(split.train)), source or config.source):
        say(line)
    pixels = TrainingPixels(split.train.images, split.train.labels)
    space = space_of(config, pixels)
    check_network(protocol.recipe, pictures, inputs_to_try(space), device)
    name = config.study_name or default_name(pictures.name, protocol, config.space_settings, config.budget)
    return Plan(name, config, source, split, protocol, pixels, space, device, make(split, protocol, device))


def create_or_join(plan: Plan, database: Database) -> optuna.Study:
    """The study of the plan's name, created if it is missing, with a description of its images in the database.

    Raises: ProtocolMismatch or EarlierVersion for a study of that name that cannot be joined.
    """
    config, protocol = plan.config, plan.protocol
    pruner = PRUNERS[config.pruner_name](protocol.recipe.epochs)
    distributions = plan.space.distributions
    study = join(database, plan.name, protocol, config.space_settings, distributions, config.objective_names, pruner)
    if plan.source is not None:
        remember_source(study, plan.source, plan.split.pictures)
    histograms = np.concatenate([each.histogram for each in plan.pixels.of()])
    save_data_set(database, describe(plan.split, protocol, histograms))
    say(
        f"study {plan.name} in {database.shown_url}: {counted(study)} of {plural(config.trials, 'trial')} done; "
        f"training on {plan.device}"
    )
    now = trained_with(plan.device, config.precision)
    if others := made_with(study) - {now}:
        say(
            f"warning: trials of this study were trained with {' and '.join(sorted(others))}; now it is {now}, so "
            "equal settings may give different values"
        )
    return study


def run_trials(plan: Plan, database: Database, study: optuna.Study, started: float, signals: StopSignals) -> None:
    """Trains greyscale, the supernet if the sampler needs one, trials until the study has its total, 8-bit level maps.

    It stops earlier if the time is over.

    started: time.monotonic() from which config.timeout is counted. signals: the signals that stop the study.
    Raises: Stopped after a signal, when the running trial is queued again.
    """
    try:
        with signals:
            _run(plan, database, study, started, signals.check)
    except KeyboardInterrupt:
        # A second Ctrl-C takes effect anywhere. In a notebook this process lives on, and its trial would be waited for.
        for trial in running(study):
            if trial.user_attrs.get("worker") == this_worker():
                put_back(study, trial.number, "KeyboardInterrupt")
        raise


def _run(plan: Plan, database: Database, study: optuna.Study, started: float, check: Callable[[], None]) -> None:
    config, protocol, device = plan.config, plan.protocol, plan.device
    if put_back_abandoned(study):
        say("a trial of an earlier run did not finish and is queued again")
    until = None if config.timeout is None else started + config.timeout
    training = EightBit(database, study, protocol, plan.evaluate, device, check, until)
    grey = greyscale_of(study.user_attrs[SPACE], plan.split.pictures.colors)
    greyscale = training.run(grey)
    learn = make_learner(plan.split, protocol, device, check)
    once = Once(internal(study, IDENTITY), database)
    queue = partial(enqueue, study, plan.space, _references(plan), config.trials, learn, once, config.seed)

    def pool() -> Pool | None:
        if config.sampler != ONE_SHOT:
            return None
        return scored_pool(database, plan.split, protocol, plan.space, device, check, until)

    has_level_maps = any(name != GREY.name for name in plan.space.levels.names)
    try:
        search(config, database, study, plan.space, queue, pool, plan.evaluate, greyscale, device, check, started)
        if has_level_maps and counted(study) >= config.trials:
            height, width = plan.pixels.images.shape[1:3]
            train_level_maps(training, grey, best_level_maps(candidates_of(study), height * width))
        elif has_level_maps and training.time_is_over:
            say_skipped("--timeout is over")
    except Stopped:
        if has_level_maps:
            say_skipped("the study was stopped")
        raise


def _references(plan: Plan) -> list[Reference | ToLearn]:
    """The references of the study, with a note where some of those asked for do not apply."""
    which, one_fold = plan.config.references, plan.config.folds == 1
    is_sign_mnist = plan.split.pictures.name == "sign-mnist"
    found = references(which, plan.pixels.of, plan.space, is_sign_mnist, plan.pixels.width, supervised=one_fold)
    if not one_fold and which in ("auto", "all"):
        say(
            "note: with --folds, references that use labels (entropy, learned) are left out, because the photos that "
            "validate one fold train the others"
        )
    if which == "paper" and not found:
        say("note: the paper's cut points are for grey levels; this study has none of them")
    return found
