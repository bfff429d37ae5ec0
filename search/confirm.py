"""python -m search.confirm: retrains the finalists with fresh seeds, then reads the test set.

The whole run, from top to bottom: pictures, protocol, entries, trainings, one reading, results. Every training
leaves the predicted classes of the test pictures in the database, and predictions are compared with no label before all
of them are there. Each reading is recorded before it begins.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from search.command import OK, STOPPED, BadInput, NothingToShow, ProtocolMismatch, exit_with, plural, run, say
from search.confirm_flags import check_flags, flags_of_confirm, margin_of
from search.confirmed import confirmed_tables, paper_tables
from search.data.load import load_pictures
from search.data.pictures import Pictures
from search.data.source import Source, source_of
from search.data.split import Fold, Split, by_appearance, digest, split_pictures
from search.finalists import finalists, paper_entries
from search.findings import photos_without_copies
from search.objective import choose_device
from search.outputs import output_folder, write_results
from search.protocol import AUGMENTATIONS, BUDGETS, FIRST_SEED, Protocol, differences, make_protocol
from search.reading import announcement, read_test
from search.retraining import plan, train_missing
from search.stop import Stopped, StopSignals
from search.tables import FORMATS
from search.verdicts import judged
from storage.confirmations import RunKey, claimed
from storage.database import open_database
from storage.results import SOURCE, Results, internal, load_results

FEWEST_PHOTOS = 2
OF_THE_STUDY = ("network", "real_layers", "gradient")  # settings of a recipe that a confirmation takes over


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the flags and confirms; returns the exit code."""
    return run(confirm, flags_of_confirm().parse_args(argv))


def confirm(args: argparse.Namespace) -> int:
    """The run."""
    check_flags(args)
    device = choose_device(args.device)
    database = open_database(args.storage, create=args.preset == "paper")

    # ── entries: chosen by validation values ──
    results = None if args.preset == "paper" else load_results(database, args.study_name)
    rival = None if args.rival is None else load_results(database, args.rival)
    if rival is not None and results is not None and rival.study.study_name == results.study.study_name:
        raise BadInput(f"--rival {args.rival}: that is the study itself; name another one")
    entries = (
        paper_entries() if results is None else finalists(results, args.top, args.cuts, args.confirm_references, rival)
    )

    # ── pictures and protocol ──
    pictures = pictures_of(args, results)
    split = split_of(pictures, results, rival)
    check_test_photos(split)
    protocol = confirmation_protocol(split, args.budget, args.precision, results)

    # ── trainings ──
    wanted = [RunKey(protocol.fingerprint, str(e), FIRST_SEED + seed) for seed in range(args.seeds) for e in entries]
    say(
        f"{'the paper' if results is None else f'study {results.study.study_name}'}, budget {args.budget}: "
        f"{plural(len(entries), 'input')}, {plural(args.seeds, 'training')} each, on {device}; "
        f"pictures: {pictures.name} ({pictures.origin}), training {plural(split.development.photos, 'photo')}"
    )
    say(announcement(database, results, entries, wanted, split, protocol))
    if args.dry_run:
        print(FORMATS[args.format](plan(database, entries, wanted, protocol)), flush=True)
        return OK
    folder = None if results is None else output_folder(results.study.study_name, args.output_dir)
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
    found = judged(read_test(database, results, rival, entries, wanted, split, protocol), margin_of(args))

    # ── results ──
    if results is not None and folder is not None:
        write_results(replace(results, confirmation=found), folder)
    form, short = FORMATS[args.format], args.format == "text" and not args.wide
    print((paper_tables if results is None else confirmed_tables)(found, form, short), flush=True)
    return OK


def pictures_of(args: argparse.Namespace, results: Results | None) -> Pictures:
    """The study's pictures, from where it found them unless --data says another place. Raises: BadInput."""
    if results is None or args.data is not None:
        return load_pictures(source_of(vars(args) | {"data": args.data or "sign-mnist"}))[0]
    known = internal(results.study, SOURCE)
    if known is None:
        raise BadInput(f"study {results.study.study_name!r} does not say where its pictures lie: name them with --data")
    given = getattr(args, "data_dir", None)
    if given is not None and not Path(given).is_dir():
        raise BadInput(f"--data-dir {given}: there is no such folder; leave it out, or name the one with the CSVs")
    source = Source(**known | {key: value for key, value in vars(args).items() if key == "data_dir"})
    if source.data_dir is not None and not Path(source.data_dir).is_dir():
        source = replace(source, data_dir=None)  # moved since; it may be found elsewhere
    try:
        return load_pictures(source)[0]
    except BadInput as error:
        raise BadInput(
            f"the pictures of study {results.study.study_name!r}: {error}; --data names another place"
        ) from error


def split_of(pictures: Pictures, results: Results | None, rival: Results | None) -> Split:
    """The study's split of these pictures. Raises: ProtocolMismatch for pictures other than the study's."""
    if results is None:
        return split_pictures(pictures, 0)
    split = split_pictures(pictures, int(results.protocol["seed"]), int(results.protocol["folds"]))
    now = {"data_fingerprint": split.data_fingerprint, "split_fingerprint": split.split_fingerprint}
    if found := [name for name, value in now.items() if results.protocol[name] != value]:
        raise ProtocolMismatch(
            f"these are not the pictures of study {results.study.study_name!r} ({', '.join(found)}: "
            f"{results.protocol[found[0]]} in the study, {now[found[0]]} now); name the study's pictures "
            "with --data and its other flags"
        )
    if rival is not None and rival.protocol_fingerprint != results.protocol_fingerprint:
        raise ProtocolMismatch(
            f"--rival {rival.study.study_name}: {'; '.join(differences(results.protocol, rival.protocol))}; "
            "only studies of one protocol can be compared"
        )
    return split


def check_test_photos(split: Split) -> None:
    """Raises: BadInput when too few test photos are left to say anything, before anything is trained."""
    kept = photos_without_copies(split.test, split.development, split.pictures.similarity)
    photos = split.test[np.flatnonzero(kept)].photos
    if photos < FEWEST_PHOTOS:
        raise BadInput(
            f"{split.pictures.origin}: {plural(photos, 'test photo')} without near copies or pictures of its "
            f"group among the training photos; at least {FEWEST_PHOTOS} are needed to say anything"
        )


def confirmation_protocol(
    split: Split, budget: str, precision: str | None = None, results: Results | None = None
) -> Protocol:
    """All photos that are not test photos train, test photos are predicted, by the budget's recipe.

    A study without augmentation is confirmed without: it knew why. The network, what of it stays real, and where none
    is given the precision are the study's.
    """
    whole = replace(split, folds=(Fold(split.development, split.test),))
    recipe = BUDGETS[budget].recipe
    if results is not None:
        if not any(results.protocol["recipe"]["augmentation"].values()):
            recipe = replace(recipe, augmentation=AUGMENTATIONS["none"])
        precision = precision or str(results.protocol["recipe"]["precision"])
        kept = {name: results.protocol["recipe"].get(name, getattr(recipe, name)) for name in OF_THE_STUDY}
        recipe = replace(recipe, **kept)
    if precision is not None:
        recipe = replace(recipe, precision=precision)
    made = make_protocol(whole, replace(BUDGETS[budget], recipe=recipe), FIRST_SEED)
    sides = by_appearance(split.development.groups), by_appearance(split.test.groups)
    return replace(made, photos="test", split_fingerprint=digest(*sides))


if __name__ == "__main__":
    exit_with(main)
