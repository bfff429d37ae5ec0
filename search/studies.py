"""python -m search.studies: lists the studies of a database."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from search.console.command import run
from search.console.exits import OK, exit_with
from search.console.messages import plural, printable
from search.console.parser import CommandParser, parser
from search.console.tables import FORMATS
from search.errors import NothingToShow
from search.trials.lifecycle import counted
from storage.attributes import PROTOCOL, data_set_fingerprint
from storage.database import Database, open_database
from storage.records import load_data_set


def flags(prog: str | None = None) -> CommandParser:
    """The parser of the command."""
    made = parser("search.studies", prog)
    made.add_flag("--format", choices=FORMATS, default="text", help="format of the table on stdout")
    return made


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Prints a table of the studies; returns the exit code."""
    return run(studies, flags(prog).parse_args(argv))


def studies(args: argparse.Namespace) -> int:
    """Prints the table. Raises: NothingToShow if the database holds no study."""
    database = open_database(args.storage, create=False)
    table = studies_table(database)
    if table.empty:
        raise NothingToShow(f"{database.shown_url} holds no study; make one with python -m search.study")
    print(FORMATS[args.format](table), flush=True)
    return OK


def studies_table(database: Database) -> pd.DataFrame:
    """One row of text for each study, the oldest first.

    `trials` counts finished trials. Studies that this project did not make have no `data` and no `budget`.
    """
    rows = []
    for name in database.study_names():
        study = database.load_study(name)
        starts = [trial.datetime_start for trial in study.get_trials(deepcopy=False) if trial.datetime_start]
        protocol: Mapping[str, Any] | None = study.user_attrs.get(PROTOCOL)
        rows.append(
            {
                "started": f"{min(starts):%Y-%m-%d %H:%M}" if starts else "",
                "trials": str(counted(study)),
                "data": "" if protocol is None else data_name(database, protocol),
                "budget": "" if protocol is None else budget_text(protocol),
                "study": printable(name).replace("\n", "\\n"),
            }
        )
    return pd.DataFrame(rows)


def data_name(database: Database, protocol: Mapping[str, Any]) -> str:
    """The name of a study's data set; empty if the database does not hold it."""
    data_set = load_data_set(database, data_set_fingerprint(protocol))
    return "" if data_set is None else data_set.name


def budget_text(protocol: Mapping[str, Any]) -> str:
    """What a trial may spend: `6 variants, 6 epochs, width 24`."""
    recipe, variants = protocol["recipe"], protocol["variants"]
    shown = plural(variants, "variant") if variants else "all variants"
    return f"{shown}, {plural(recipe['epochs'], 'epoch')}, width {recipe['width']}"


if __name__ == "__main__":
    exit_with(main)
