"""The output files of a study and its confirmation: thresholds.json and report.html in one folder."""

import re
from pathlib import Path

from dashboards.report import write_report
from search.console.files import make_folder
from search.console.messages import say
from search.deploy import thresholds
from search.evaluation.protocol import fingerprint
from storage.results import Results


def output_folder(study_name: str, chosen: Path | None) -> Path:
    """The chosen folder or results/STUDY-NAME, created before the first training. Raises: BadInput."""
    folder = chosen or Path("results") / folder_name(study_name)
    make_folder(folder)
    return folder


def folder_name(study_name: str) -> str:
    """A folder name for a study; a hash keeps names different that would become equal."""
    safe = re.sub(r"[^\w.-]+", "-", study_name).strip(".-")[:60]  # at most 255 bytes
    return safe if safe == study_name else f"{safe}-{fingerprint({'name': study_name})}".lstrip("-")


def write_results(results: Results, folder: Path) -> None:
    """Writes both files. Raises: BadInput for a path that cannot be written, NothingToShow without a finished trial."""
    thresholds.write(folder / "thresholds.json", thresholds.document(results))
    write_report(results, folder / "report.html")
    say(f"thresholds: {folder / 'thresholds.json'}\nreport: {folder / 'report.html'}")
