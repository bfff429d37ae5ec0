"""The flags of python -m search.confirm, and which of them make no sense together.

Enters: what a user types. Leaves: parsed flags that are checked before anything is read or trained.
"""

import argparse
from dataclasses import fields
from pathlib import Path

from models.recipe import PRECISIONS
from search.config import add_flags as add_study_flags
from search.confirmation.finalists import REFERENCES
from search.console.command import OneLineParser, parser
from search.console.tables import FORMATS
from search.data.source import Source
from search.errors import BadInput
from search.evaluation.budgets import BUDGETS
from search.evaluation.protocol import check_seeds

TOP = 1


def flags_of_confirm() -> OneLineParser:
    """All flags of python -m search.confirm."""
    flags = parser(
        "search.confirm",
        "Retrain a study's finalists, references and greyscale with fresh seeds on all training photos, "
        "then read the test set.",
    )
    flags.add_argument("--study-name", metavar="NAME", default=argparse.SUPPRESS, help="default: the newest study")
    flags.add_argument("--data", metavar="NAME|PATH", help="the study's pictures; default: where it found them")
    add_study_flags(flags, {each.name for each in fields(Source)} - {"data"}, defaults=False)
    add_flags(flags)
    flags.add_argument("--rival", metavar="NAME", help="another study, whose best is confirmed beside")
    flags.add_argument("--preset", choices=["paper"], help="the paper's settings instead of a study's finalists")
    flags.add_argument("--budget", choices=BUDGETS, default="full", help="what each training may spend")
    flags.add_argument("--precision", choices=PRECISIONS, help="default: the study's, or float32")
    flags.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="where to train")
    flags.add_argument("--output-dir", metavar="FOLDER", type=Path, help="default: results/STUDY-NAME")
    flags.add_argument("--format", choices=FORMATS, default="text", help="of the table on stdout")
    flags.add_argument("--wide", action="store_true", help="all columns of the text table; by default it fits 100")
    flags.add_argument(
        "--margin",
        type=float,
        default=argparse.SUPPRESS,
        metavar="POINTS",
        help="a difference in accuracy that does not matter; what lies within it is called equivalent",
    )
    flags.add_argument(
        "--dry-run", action="store_true", help="say what would be trained and read; train and read nothing"
    )
    return flags


def add_flags(flags: argparse.ArgumentParser) -> None:
    """How many trainings of what."""
    flags.add_argument("--seeds", type=int, default=10, metavar="N", help="trainings of each input")
    flags.add_argument(
        "--cuts",
        type=int,
        nargs="+",
        metavar="K",
        help="numbers of cut points whose best is confirmed, beside the best of all; default: all",
    )
    flags.add_argument("--top", type=int, default=TOP, metavar="N", help="confirm the N best of all as well")
    flags.add_argument(
        "--confirm-references",
        choices=REFERENCES,
        default="kinds",
        help="which references are confirmed: the best of each kind and within each finalist's bits, only the latter, "
        "all, or none",
    )


def check_flags(args: argparse.Namespace) -> None:
    """Raises: BadInput for values out of range, and for flags that would mean nothing."""
    check_seeds("--seeds", args.seeds)
    if args.top < 0:
        raise BadInput(f"--top {args.top}: expected 0 or more")
    margin_of(args)
    if args.preset == "paper":
        check_paper_flags(args)
    of_pictures = {each.name for each in fields(Source)} - {"data", "data_dir"}
    if args.preset is None and args.data is None and (given := sorted(of_pictures & vars(args).keys())):
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise BadInput(
            f"{names}: without --data the pictures are the study's, as the study took them; leave it out, or name the "
            "pictures with --data"
        )


def margin_of(args: argparse.Namespace) -> float | None:
    """What --margin gives, as a share. Raises: BadInput."""
    points: float | None = getattr(args, "margin", None)
    if points is not None and not 0 < points < 100:
        raise BadInput(f"--margin {points:g}: expected points of accuracy, more than 0 and less than 100")
    return None if points is None else points / 100


def check_paper_flags(args: argparse.Namespace) -> None:
    """Raises: BadInput for pictures other than the paper's, and for flags that mean nothing with its settings."""
    given = {
        "--study-name": args.study_name is not None,
        "--rival": args.rival is not None,
        "--cuts": args.cuts is not None,
        "--top": args.top != TOP,
        "--confirm-references": args.confirm_references != "kinds",
        "--output-dir": args.output_dir is not None,
    }
    if without_meaning := [name for name, is_given in given.items() if is_given]:
        raise BadInput(
            f"--preset paper has inputs of its own and writes no file; leave {', '.join(without_meaning)} out"
        )
    if args.data not in (None, "sign-mnist"):
        raise BadInput(
            f"--preset paper: the paper's numbers are of Sign Language MNIST, not of {args.data}; leave --data out, "
            "--data-dir says where it lies"
        )
