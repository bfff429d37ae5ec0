"""python -m search.study: searches how many cut points to use and where to put them.

The whole run, from top to bottom: pictures, protocol, study, greyscale, trials, results.
Nothing imports this module.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import optuna
import torch

from search.config import StudyConfig, add_flags, budget_of, from_flags
from search.confirm import confirm
from search.confirmation.config import ConfirmConfig
from search.console.command import run
from search.console.exits import NOTHING_TO_SHOW, OK, STOPPED, exit_with
from search.console.messages import plural, say
from search.console.parser import CommandParser, parser
from search.console.stop import Stopped, StopSignals
from search.data.load import load_pictures
from search.data.notes import first_lines
from search.data.split import COPIES, GROUPS, Split, split_pictures
from search.deploy.outputs import output_folder, write_results
from search.evaluation.device import choose_device, trained_with
from search.evaluation.network import check_network, inputs_to_try, network_source
from search.evaluation.objective import Evaluate, make_objective
from search.evaluation.protocol import Protocol, make_protocol
from search.references.catalogue import references
from search.references.greyscale import greyscale_run
from search.references.learned import make_learner
from search.references.rules import Pixels
from search.sampling.pruners import PRUNERS
from search.sampling.space import SCALES, Space
from search.trials.joining import default_name, describe, join
from search.trials.lifecycle import counted, made_with, put_back_abandoned
from search.trials.loop import best_so_far, search
from search.trials.queue import enqueue
from search.trials.reopen import remember_source
from search.trials.summary import summary
from storage.attributes import IDENTITY, internal
from storage.claims import Once
from storage.database import Database, open_database
from storage.records import save_data_set
from storage.results import load_results

MakeObjective = Callable[[Split, Protocol, torch.device], Evaluate]


def flags(prog: str | None = None) -> CommandParser:
    """The parser of the command."""
    made = parser("search.study", prog)
    add_flags(made)
    return made


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Starts or resumes a study; returns the exit code."""
    return run(lambda args: run_study(from_flags(args), args.storage), flags(prog).parse_args(argv))


def run_study(config: StudyConfig, storage: str, make: MakeObjective = make_objective) -> int:
    """The run. `make` builds what evaluates a trial; tests put a formula in its place."""
    started = time.monotonic()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    device = choose_device(config.device)
    network_source(config.network)  # a network that cannot be imported is refused before anything is read or made
    database = open_database(storage)

    # ── pictures ──
    pictures, why = load_pictures(config.source)
    split = split_pictures(pictures, config.seed, config.folds)

    # ── protocol and space ──
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
    for line in first_lines(split, why, len(protocol.chosen(split.train)), config.source):
        say(line)
    pixels = Pixels.by_channel(split.train.images, split.train.labels)
    edges = [SCALES[config.positions](each.histogram) for each in pixels]
    space = Space(
        config.max_cuts, config.encodings, edges[0] if len(edges) == 1 else np.stack(edges), **config.arithmetics
    )
    check_network(protocol.recipe, pictures, inputs_to_try(space), device)
    evaluate = make(split, protocol, device)

    # ── study ──
    name = config.study_name or default_name(pictures.name, protocol, config.space_settings, config.budget)
    folder = output_folder(name, config.output_dir)
    pruner = PRUNERS[config.pruner_name](protocol.recipe.epochs)
    study = join(database, name, protocol, config.space_settings, config.objective_names, pruner)
    remember_source(study, config.source, pictures)
    save_data_set(database, describe(split, protocol, np.concatenate([each.histogram for each in pixels])))
    say(
        f"study {name} in {database.shown_url}: {counted(study)} of {plural(config.trials, 'trial')} done; "
        f"training on {device}"
    )
    now = trained_with(device, config.precision)
    if others := made_with(study) - {now}:
        say(
            f"warning: trials of this study were trained with {' and '.join(sorted(others))}; now it is "
            f"{now}, so that equal settings may give other values"
        )

    # ── greyscale, references, search ──
    stopped: Stopped | None = None
    with StopSignals() as signals:
        try:
            if put_back_abandoned(study):
                say("a trial of an earlier run did not finish and is queued again")
            until = None if config.timeout is None else started + config.timeout
            greyscale = greyscale_run(
                database, study, protocol, pictures.colors, evaluate, device, signals.check, until
            )
            one_fold = config.folds == 1
            wanted = references(config.references, pixels, space, pictures.name == "sign-mnist", supervised=one_fold)
            if not one_fold and config.references in ("auto", "all"):
                say(
                    "note: with --folds there are no references that look at labels (entropy, learned): the photos "
                    "that validate one fold train the others"
                )
            if config.references == "paper" and not wanted:
                say("note: the paper's cut points are of grey levels; this study has none of them")
            learn = make_learner(split, protocol, device, signals.check)
            once = Once(internal(study, IDENTITY), database)
            queue = partial(enqueue, study, space, wanted, config.trials, learn, once, config.seed)
            search(config, database, study, space, queue, evaluate, greyscale, device, signals.check, started)
        except Stopped as stop:
            stopped = stop

    # ── results ──
    if stopped is None:
        show_results(database, name, folder)
        if counted(study) < config.trials:
            not_confirmed = "" if config.confirm is None else "not confirmed: "
            say(
                f"{not_confirmed}the study has {counted(study)} of {plural(config.trials, 'trial')}; run again to go on"
            )
            return NOTHING_TO_SHOW
        if config.confirm is None:
            return OK
        confirmation = ConfirmConfig(
            study_name=name,
            seeds=config.confirm,
            network=config.network,
            device=config.device,
            output_dir=config.output_dir,
        )
        return confirm(confirmation, storage)
    say("stopped; run again to go on")
    if best_so_far(study) is not None:
        show_results(database, name, folder)
    return STOPPED + stopped.signal


def show_results(database: Database, name: str, folder: Path) -> None:
    """The files in the output folder, and the summary on stdout."""
    results = load_results(database, name)
    write_results(results, folder)
    print(summary(results), flush=True)


if __name__ == "__main__":
    exit_with(main)
