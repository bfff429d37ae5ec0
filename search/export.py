"""python -m search.export: writes the best thresholds of a study as JSON, to stdout or to a file."""

import argparse
from collections.abc import Sequence

from search.console.command import run
from search.console.exits import OK, exit_with
from search.console.messages import say
from search.console.parser import CommandParser, finished_study_parser
from search.deploy import thresholds
from search.deploy.picks import PICKS
from search.errors import BadInput
from storage.database import open_database
from storage.results import load_results


def flags(prog: str | None = None) -> CommandParser:
    """The parser of the command."""
    made = finished_study_parser("search.export", prog, "stdout")
    made.add_flag(
        "--pick",
        choices=PICKS,
        help="candidate to export: best (the best value), knee (the knee of the curve of value against bits per pixel) "
        "or smallest-tied (the fewest cut points whose value is not distinguishable from the best); see docs/search.md",
        usual="best",
    )
    made.add_flag(
        "--cuts",
        type=int,
        metavar="K",
        help="export the best candidate with K cut points, counted over all channels; not together with --pick",
    )
    return made


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Exports a study; returns the exit code."""
    return run(export, flags(prog).parse_args(argv))


def export(args: argparse.Namespace) -> int:
    """Writes the thresholds document to stdout or to a file."""
    if args.cuts is not None and args.pick is not None:
        raise BadInput(f"--cuts {args.cuts} and --pick {args.pick} both choose a candidate; leave one of them out")
    results = load_results(open_database(args.storage, create=False), args.study_name)
    made = thresholds.document(results, args.cuts, args.pick or "best")
    if args.output is None:
        print(thresholds.to_json(made), end="")
    else:
        thresholds.write(args.output, made)
        say(f"{args.output}: {made['input']} of study {results.study.study_name}")
    return OK


if __name__ == "__main__":
    exit_with(main)
