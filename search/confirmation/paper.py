"""The paper's settings and accuracies, and its tables beside ours."""

import math
from collections.abc import Callable
from textwrap import fill

import pandas as pd

from search.binarization.binarization import Binarization, Greyscale
from search.binarization.cut_points import CutPoints
from search.confirmation.cells import verdict, with_interval
from search.confirmation.finalists import Entry
from search.confirmation.findings import Confirmed, Findings
from search.confirmation.roles import GREYSCALE, PAPER_SETTING
from search.confirmation.text import caption
from search.console.tables import COLUMNS
from search.evaluation.metrics import NORMAL_95
from search.references.catalogue import PAPER

PAPER_ORIGINAL = 94.9  # accuracy in per cent of the original network (Section IV)
# Accuracy in per cent, by threshold ranges. The paper's text says 60.2 for 0,200,255.
PAPER_ACCURACY: dict[tuple[int, ...], float] = {
    (0, 150, 255): 90.3,
    (0, 200, 255): 62.5,
    (0, 150, 170, 255): 92.7,
    (0, 150, 170, 200, 255): 91.7,
    (0, 90, 150, 170, 255): 94.8,
    (0, 90, 150, 170, 210, 255): 95.6,
    (0, 150, 170, 190, 210, 230, 255): 93.4,
    (0, 90, 120, 150, 180, 210, 230, 255): 94.7,
}
TABLES: dict[str, tuple[tuple[int, ...], ...]] = {
    "Table I: two threshold ranges": ((0, 150, 255), (0, 200, 255)),
    "Section IV: three threshold ranges": ((0, 150, 170, 255),),
    "Table II: four threshold ranges": ((0, 150, 170, 200, 255), (0, 90, 150, 170, 255)),
    "Section IV: five, six and seven": (
        (0, 90, 150, 170, 210, 255),
        (0, 150, 170, 190, 210, 230, 255),
        (0, 90, 120, 150, 180, 210, 230, 255),
    ),
    "Table III: the paper's three best": (
        (0, 90, 150, 170, 210, 255),
        (0, 90, 150, 170, 255),
        (0, 90, 120, 150, 180, 210, 230, 255),
    ),
}


def paper_tables(found: Findings, form: Callable[[pd.DataFrame], str], short: bool = False) -> str:
    """The paper's Tables I–III beside ours, and whether the differences that the paper reports exceed noise.

    short: only columns that fit a terminal.
    """
    settings = {each.input.cut_points.ranges: each for each in found.entries if isinstance(each.input, Binarization)}
    texts = [fill(caption(found), COLUMNS), fill(NOISE, COLUMNS)] if short else [caption(found), NOISE]
    photos = found.photos + found.photos_left_out
    original = found.greyscale
    row = {"input": str(original.input), "paper's": PAPER_ORIGINAL, "ours": with_interval(original.accuracy)}
    row["whole test set"] = f"{100 * original.all_photos.mean:.2f}"
    texts.append(f"Original network (Section IV)\n{form(pd.DataFrame([row]).astype(str))}")
    for title, ranges in TABLES.items():
        rows = [_paper_row(settings[each], each, photos, short) for each in ranges]
        texts.append(f"{title}\n{form(pd.DataFrame(rows))}")
    return "\n\n".join(texts)


NOISE = (
    "paper's: accuracy of one run on the whole published test set, with another network. noise: 95 % interval of the "
    "difference of two such accuracies over so many photos, errors taken as independent, without what seeds add. "
    "A reported difference inside it decides nothing."
)


def _paper_row(entry: Confirmed, ranges: tuple[int, ...], photos: int, short: bool) -> dict[str, str]:
    reported = PAPER_ACCURACY[ranges] - PAPER_ORIGINAL
    noise = 100 * noise_in_photos(PAPER_ACCURACY[ranges] / 100, PAPER_ORIGINAL / 100, photos)
    so_it_is = "within noise" if abs(reported) <= noise else "more than noise"
    row = {
        "threshold ranges": ",".join(map(str, ranges)),
        "paper's": f"{PAPER_ACCURACY[ranges]:.1f}",
        "ours": with_interval(entry.accuracy),
    }
    if short:
        return row | {
            "paper's to original": f"{reported:+.1f}, {so_it_is}",
            "to greyscale": verdict(entry.against["greyscale"], interval=False),
        }
    return row | {
        "whole test set": f"{100 * entry.all_photos.mean:.2f}",
        "paper's to original": f"{reported:+.1f}",
        "noise": f"±{noise:.1f}",
        "so it is": so_it_is,
        "ours to greyscale": verdict(entry.against["greyscale"]),
    }


def noise_in_photos(accuracy: float, other: float, photos: int) -> float:
    """Half the width of the 95 % interval of the difference of two proportions, 0..1, each over so many photos."""
    return NORMAL_95 * math.sqrt((accuracy * (1 - accuracy) + other * (1 - other)) / photos)


def paper_entries() -> list[Entry]:
    """The paper's original network and its eight settings, as one-hot ranges."""
    settings = [Entry(Binarization(CutPoints.from_ranges(ranges), "range"), (PAPER_SETTING,)) for ranges in PAPER]
    return [Entry(Greyscale(), (GREYSCALE,)), *settings]
