"""python -m search.confirm: retrains the finalists with fresh seeds, then reads the test set.

The whole run, from top to bottom: images, protocol, entries, trainings, one reading, results. Every training
leaves the predicted classes of the test images in the database, and predictions are compared with no label before all
of them are there. Each reading is recorded before it begins.
"""

from collections.abc import Sequence
from dataclasses import replace

from search.confirmation.config import ConfirmConfig, add_flags, from_flags
from search.confirmation.finalists import finalists
from search.confirmation.paper import paper_entries, paper_tables
from search.confirmation.reading import announcement, read_test
from search.confirmation.recipe import check_test_photos, confirmation_protocol
from search.confirmation.retraining import plan, train_missing
from search.confirmation.text import confirmed_tables
from search.confirmation.verdicts import judged
from search.console.command import run
from search.console.exits import OK, STOPPED, exit_with
from search.console.messages import plural, say
from search.console.parser import CommandParser, parser
from search.console.stop import Stopped, StopSignals
from search.console.tables import FORMATS
from search.deploy.outputs import output_folder, write_results
from search.errors import BadInput, NothingToShow
from search.evaluation.device import choose_device
from search.evaluation.network import check_network, check_same_network
from search.evaluation.protocol import FIRST_SEED, Protocol
from search.trials.reopen import pictures_of, split_of
from storage.confirmations import RunKey, claimed
from storage.database import open_database
from storage.results import load_results


def flags(prog: str | None = None) -> CommandParser:
    """The parser of the command."""
    made = parser("search.confirm", prog)
    add_flags(made)
    return made


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Confirms a study; returns the exit code."""
    return run(lambda args: confirm(from_flags(args), args.storage), flags(prog).parse_args(argv))


def confirm(config: ConfirmConfig, storage: str) -> int:
    """The run; returns the exit code."""
    device = choose_device(config.device)
    database = open_database(storage, create=config.preset == "paper")

    # ── entries: chosen by validation values ──
    results = None if config.preset == "paper" else load_results(database, config.study_name)
    of_study = None if results is None else Protocol.from_dict(results.protocol)
    if results is not None and of_study is not None:
        name = f"study {results.study.study_name!r}"
        check_same_network(of_study.recipe.network, of_study.network_source, config.network, name)
    rival = None if config.rival is None else load_results(database, config.rival)
    if rival is not None and results is not None and rival.study.study_name == results.study.study_name:
        raise BadInput(f"--rival {config.rival}: that is the study itself; name another one")
    entries = (
        paper_entries()
        if results is None
        else finalists(results, config.top, config.cuts, config.confirm_references, rival)
    )

    # ── images and protocol ──
    pictures = pictures_of(results, config.source, config.data_dir)
    split = split_of(pictures, results, rival)
    check_test_photos(split)
    protocol = confirmation_protocol(split, config.budget, config.precision, of_study)
    check_network(protocol.recipe, pictures, [entry.input for entry in entries], device)

    # ── trainings ──
    seeds = range(FIRST_SEED, FIRST_SEED + config.seeds)
    wanted = [RunKey(protocol.fingerprint, entry.input.key, seed) for seed in seeds for entry in entries]
    say(
        f"{'the paper' if results is None else f'study {results.study.study_name}'}, budget {config.budget}: "
        f"{plural(len(entries), 'input')}, {plural(config.seeds, 'training')} each, on {device}; "
        f"images: {pictures.name} ({pictures.origin}), training {plural(split.development.photos, 'photo')}"
    )
    say(announcement(database, results, entries, wanted, split, protocol))
    if config.dry_run:
        print(FORMATS[config.format](plan(database, entries, wanted, protocol)), flush=True)
        return OK
    folder = None if results is None else output_folder(results.study.study_name, config.output_dir)
    with StopSignals() as signals:
        try:
            left = train_missing(database, wanted, entries, split, protocol, device, signals.check)
        except Stopped as stop:
            say("stopped; run again to go on with the next training")
            return STOPPED + stop.signal
    if left:
        workers = claimed(database, protocol.fingerprint)
        names = sorted({workers[key].worker for key in left if key in workers})
        raise NothingToShow(
            f"{plural(len(left), 'training')} not done yet, in other processes (host:process): {', '.join(names)}; "
            "the test set is not read; run again when they have ended"
        )

    # ── the reading ──
    found = judged(read_test(database, results, rival, entries, wanted, split, protocol), config.margin_as_share)

    # ── results ──
    if results is not None and folder is not None:
        write_results(replace(results, confirmation=found.to_dict()), folder)
    form, short = FORMATS[config.format], config.format == "text" and not config.wide
    print((paper_tables if results is None else confirmed_tables)(found, form, short), flush=True)
    return OK


if __name__ == "__main__":
    exit_with(main)
