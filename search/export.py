"""python -m search.export: the best thresholds of a study as JSON, on stdout or in a file."""

import argparse
from collections.abc import Sequence

from search.console.command import OK, exit_with, finished_study_parser, run
from search.console.messages import say
from search.deploy import thresholds
from search.deploy.picks import PICKS
from storage.database import open_database
from storage.results import load_results


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the flags and exports; returns the exit code."""
    parser = finished_study_parser("search.export", "Write a study's best thresholds as JSON.", "default: stdout")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--cuts", type=int, metavar="K", help="the best with K cut points instead of the best of all")
    which.add_argument(
        "--pick",
        choices=PICKS,
        default=argparse.SUPPRESS,
        help="the best value, the knee of value against bits a pixel, or the fewest cut points whose value is not "
        "distinguishable from the best (default: best)",
    )
    return run(export, parser.parse_args(argv))


def export(args: argparse.Namespace) -> int:
    """Writes the thresholds document where the flags say."""
    results = load_results(open_database(args.storage, create=False), args.study_name)
    made = thresholds.document(results, args.cuts, getattr(args, "pick", "best"))
    if args.output is None:
        print(thresholds.to_json(made), end="")
    else:
        thresholds.write(args.output, made)
        say(f"{args.output}: {','.join(map(str, made['threshold_ranges']))} of study {results.study.study_name}")
    return OK


if __name__ == "__main__":
    exit_with(main)
