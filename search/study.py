"""python -m search.study: searches the number and the positions of cut points.

A run from top to bottom: images, plan, study, trials, results, confirmation.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import optuna

from search.config import StudyConfig, add_flags, from_flags
from search.confirm import confirm
from search.confirmation.config import ConfirmConfig
from search.console.command import run
from search.console.exits import NOTHING_TO_SHOW, OK, STOPPED, exit_with
from search.console.messages import plural, say
from search.console.parser import CommandParser, parser
from search.console.stop import Stopped, StopSignals
from search.data.load import load_pictures
from search.deploy.outputs import output_folder, write_results
from search.evaluation.objective import make_objective
from search.trials.lifecycle import counted
from search.trials.loop import best_so_far
from search.trials.run import MakeObjective, check_environment, create_or_join, prepare, run_trials
from search.trials.summary import summary
from storage.database import Database, open_database
from storage.results import load_results


def flags(prog: str | None = None) -> CommandParser:
    """The parser of the command."""
    made = parser("search.study", prog)
    add_flags(made)
    made.add_examples(
        ("--data digits --trials 12", "a short study of scikit-learn's digits"),
        ("--data images/ --size 32x32", "100 trials on a folder of images by class, resized to 32x32"),
        ("--max-cuts 2 --encoding thermometer --references none", "one or two bits per pixel, searched from scratch"),
    )
    return made


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Starts or resumes a study; returns the exit code."""
    return run(lambda args: run_study(from_flags(args), args.storage), flags(prog).parse_args(argv))


def run_study(config: StudyConfig, storage: str, make: MakeObjective = make_objective) -> int:
    """The whole run; returns the exit code. make: builds the function that evaluates trials; tests replace it."""
    started = time.monotonic()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    device = check_environment(config)
    database = open_database(storage)

    # ── images, protocol, space ──
    pictures, why = load_pictures(config.source)
    plan = prepare(config, pictures, why, config.source, device, make)
    folder = output_folder(plan.name, config.output_dir)

    # ── study ──
    study = create_or_join(plan, database)

    # ── greyscale, references, search ──
    stopped: Stopped | None = None
    try:
        run_trials(plan, database, study, started, StopSignals())
    except Stopped as stop:
        stopped = stop

    # ── results ──
    if stopped is None:
        show_results(database, plan.name, folder)
        if counted(study) < config.trials:
            not_confirmed = "" if config.confirm is None else "not confirmed: "
            say(
                f"{not_confirmed}the study has {counted(study)} of {plural(config.trials, 'trial')}; run again to go on"
            )
            return NOTHING_TO_SHOW
        if config.confirm is None:
            return OK
        confirmation = ConfirmConfig(
            study_name=plan.name,
            seeds=config.confirm,
            network=config.network,
            device=config.device,
            output_dir=config.output_dir,
        )
        return confirm(confirmation, storage)
    say("stopped; run again to go on")
    if best_so_far(study) is not None:
        show_results(database, plan.name, folder)
    return STOPPED + stopped.signal


def show_results(database: Database, name: str, folder: Path) -> None:
    """The files in the output folder, and the summary on stdout."""
    results = load_results(database, name)
    write_results(results, folder)
    print(summary(results), flush=True)


if __name__ == "__main__":
    exit_with(main)
