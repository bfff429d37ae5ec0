"""The commands, one line each. Help texts, the console script, docs/commands.md and the architecture test use it.

A command's module has `flags(prog)`, which returns its parser, and `main(argv, prog)`, which returns its exit code.
Importing this module imports no command, so that `cutpoints --help` needs neither torch nor Optuna.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command: `cutpoints NAME` runs the same as `python -m MODULE`."""

    name: str
    module: str
    summary: str  # the first line of its --help
    storage: bool = True  # whether it takes --storage

    @property
    def usual_prog(self) -> str:
        """How the command is run without the console script."""
        return f"python -m {self.module}"


COMMANDS = (
    Command("study", "search.study", "Search threshold ranges for a CNN on binary images, or resume a search."),
    Command("studies", "search.studies", "List the studies of a database."),
    Command(
        "confirm", "search.confirm", "Train the best candidates again with new seeds and evaluate on the test set."
    ),
    Command("export", "search.export", "Write a study's best thresholds as JSON."),
    Command("report", "dashboards.report", "Write an HTML report of a study."),
    Command(
        "light",
        "search.light",
        "Train again with a thresholds file and evaluate under different gain, gamma and brightness.",
        storage=False,
    ),
)


def command_of(module: str) -> Command:
    """The command that a module implements."""
    return next(command for command in COMMANDS if command.module == module)
