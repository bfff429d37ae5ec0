"""A confirmation's findings as text: the table of finalists, and the paper's tables beside ours.

Enters: findings, as search/findings.py makes them. Leaves: text for stdout.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import Any

import pandas as pd

from search.command import plural
from search.metrics import NORMAL_95
from search.tables import COLUMNS, fitted
from search.verdicts import in_points

Findings = Mapping[str, Any]
WITHIN_BITS = "to best reference of no more bits"
UNEQUAL = 0.1  # share of the search's seconds by which a rival's may differ
WITHIN = "best reference within"
SAME_CUTS = "to rival's of as many cut points"
SHORT = (
    "Columns 'to X': the verdict against X, and the difference in points; 'same': the input is X itself. The reference "
    "is the best of no more bits, or of all where there is none; the rival's is its best of as many cut points, or of "
    "all. --wide and --format markdown show all columns and the intervals of the differences."
)

# Accuracy in percent, by threshold ranges; None is the original network (Section IV). Its text says 60.2 for 0,200,255.
PAPER_ORIGINAL = 94.9
PAPER_ACCURACY = {
    "0,150,255": 90.3,
    "0,200,255": 62.5,
    "0,150,170,255": 92.7,
    "0,150,170,200,255": 91.7,
    "0,90,150,170,255": 94.8,
    "0,90,150,170,210,255": 95.6,
    "0,150,170,190,210,230,255": 93.4,
    "0,90,120,150,180,210,230,255": 94.7,
}
TABLES = {
    "Original network (Section IV)": (),
    "Table I: two threshold ranges": ("0,150,255", "0,200,255"),
    "Section IV: three threshold ranges": ("0,150,170,255",),
    "Table II: four threshold ranges": ("0,150,170,200,255", "0,90,150,170,255"),
    "Section IV: five, six and seven": (
        "0,90,150,170,210,255",
        "0,150,170,190,210,230,255",
        "0,90,120,150,180,210,230,255",
    ),
    "Table III: the paper's three best": ("0,90,150,170,210,255", "0,90,150,170,255", "0,90,120,150,180,210,230,255"),
}


def confirmed_data(found: Findings) -> pd.DataFrame:
    """One row for each entry, fewest bits first: input, roles, bits, accuracy, low, high, sd, seeds, photo_accuracy,
    and the verdict on greyscale (empty for itself)."""
    rows = [
        {
            "input": entry["input"],
            "roles": ", ".join(entry["roles"]),
            "bits": entry["bits_per_pixel"],
            **{("accuracy" if key == "mean" else key): entry["accuracy"][key] for key in ("mean", "low", "high", "sd")},
            "seeds": entry["accuracy"]["n"],
            "photo_accuracy": entry["photo_accuracy"]["mean"],
            "verdict": (entry["against"]["greyscale"] or {"verdict": ""})["verdict"],
        }
        for entry in ordered(found)
    ]
    return pd.DataFrame(rows)


def confirmed_table(found: Findings) -> pd.DataFrame:
    """The same as text, for people, with what each is compared with; in per cent and points."""
    rows = [
        {
            "input": entry["input"],
            "bits": entry["bits_per_pixel"],
            "test accuracy, %": with_interval(entry["accuracy"]),
            "seeds": entry["accuracy"]["n"],
            "sd": f"{100 * entry['accuracy']['sd']:.2f}",
            "photos right": f"{100 * entry['photo_accuracy']['mean']:.2f}",
            "whole test set": f"{100 * entry['all_photos']['mean']:.2f}",
            f"to {greyscale_of(found)}": verdict(entry["against"]["greyscale"]),
            "to best reference": verdict(entry["against"]["best_reference"]),
            WITHIN_BITS: "same"
            if entry["input"] == entry["reference_within_bits"]
            else verdict(entry["against"]["reference_within_bits"]),
            **(
                {
                    "to rival's best": verdict(entry["against"]["rival"]),
                    SAME_CUTS: verdict(entry["against"]["rival_same_cuts"]),
                }
                if len(found["cost"]) > 1
                else {}
            ),
            "stands for": ", ".join(short_roles(entry["roles"])),
        }
        for entry in ordered(found)
    ]
    table = pd.DataFrame(rows)
    return table.drop(columns=[name for name in (WITHIN_BITS, SAME_CUTS) if name in table and not table[name].any()])


def confirmed_tables(found: Findings, form: Callable[[pd.DataFrame], str], short: bool = False) -> str:
    """The caption and the table; short: those columns that fit a terminal."""
    if not short:
        return f"{caption(found)}\n\n{form(confirmed_table(found))}"
    return f"{fill(caption(found), COLUMNS)}\n\n{form(short_table(found))}\n\n{fill(SHORT, COLUMNS)}"


def short_table(found: Findings) -> pd.DataFrame:
    """What fits a terminal: accuracy, who is better, what it stands for."""
    rival = len(found["cost"]) > 1
    rows = []
    for entry in ordered(found):
        against, role = entry["against"], main_role(entry["roles"])
        row = {
            "input": entry["input"],
            "bits": entry["bits_per_pixel"],
            "test accuracy, %": with_interval(entry["accuracy"]),
            f"to {greyscale_of(found)}": verdict(against["greyscale"], interval=False),
        }
        if rival:
            row["to rival's"] = verdict(against["rival_same_cuts"] or against["rival"], interval=False)
        elif found["best_reference"] is not None:
            itself = entry["input"] == (entry["reference_within_bits"] or found["best_reference"])
            of_reference = against["reference_within_bits"] or against["best_reference"]
            row["to reference"] = "same" if itself else verdict(of_reference, interval=False)
        rows.append(row | {"stands for": role})
    return fitted(pd.DataFrame(rows).astype(str), ["stands for", "input"])


def main_role(roles: Sequence[str]) -> str:
    """One role of a search, and the name of a reference: `best of 3`, `multi-otsu`, `best, multi-otsu`."""
    names = [role.removeprefix("reference ") for role in roles if role.startswith("reference ")]
    others = [role for role in roles if not role.startswith(("reference ", WITHIN))]
    searched = [role.replace("best of the rival study", "rival's best") for role in others if role != "best reference"]
    first = ["best"] if "best" in searched else searched[:1]
    return ", ".join(first + names[:1]) or "best reference"


def short_roles(roles: Sequence[str]) -> list[str]:
    """Roles for people: `best reference within 3, 4 and 8 bits` is one, where it was three."""
    within = [role.split()[-2] for role in roles if role.startswith(WITHIN)]
    short = [role for role in roles if not role.startswith(WITHIN)]
    if within:
        several = f"{', '.join(within[:-1])} and {within[-1]}" if len(within) > 1 else within[0]
        short.append(f"{WITHIN} {several} {'bit' if several == '1' else 'bits'}")
    return short


def greyscale_of(found: Findings) -> str:
    """What the entry without cut points is called: greyscale, or full color."""
    return next(str(entry["input"]) for entry in found["entries"] if entry["threshold_ranges"] is None)


def ordered(found: Findings) -> list[Mapping[str, Any]]:
    """The entries, fewest bits first, then the most accurate."""
    return sorted(found["entries"], key=lambda entry: (entry["bits_per_pixel"], -entry["accuracy"]["mean"]))


def caption(found: Findings) -> str:
    """How many photos, what is left out, what the numbers are, how often the photos were read, what the search cost."""
    left_out = found["photos_left_out"]
    copies = f", {plural(left_out, 'photo')} with near copies among the training photos left out" if left_out else ""
    sentences = [
        f"Accuracy on {found['photos']} test photos ({found['pictures']} pictures){copies}, of networks trained with "
        "fresh seeds on all other photos; [95 % interval over photos and seeds].",
        f"Reading {found['readings']} of these photos in this database.",
        *verdict_sentences(found),
        *(
            f"Search of study {cost['study']}: {plural(cost['trials'], 'trial')}, {cost['seconds']:,.0f} s of training."
            for cost in found["cost"]
        ),
    ]
    if len(found["cost"]) > 1:
        own, rivals = (cost["seconds"] for cost in found["cost"])
        if abs(rivals / own - 1) > UNEQUAL:
            sentences.append(
                f"The rival's training took {rivals / own:.2f} times as long: no comparison at equal cost."
            )
    if len(found["trained_with"]) > 1:
        sentences.append(f"Trained with different versions or devices: {'; '.join(found['trained_with'])}.")
    return " ".join(sentences)


def verdict_sentences(found: Findings) -> list[str]:
    """What the verdicts mean; those that are there."""
    said = {against["verdict"] for entry in found["entries"] for against in entry["against"].values() if against}
    sentences = [
        "Verdicts are corrected for the number of entries in their column (Holm, 5 %), intervals are not. "
        "Tied: no difference was detected, which does not show that there is none."
    ]
    if found["margin"] is not None:
        sentences.append(f"Equivalent: the interval lies within ±{100 * found['margin']:g} points.")
    if "unclear" in said:
        sentences.append(
            "Unclear: not told apart, but no tie either: only the correction keeps it from a verdict, or an entry with "
            "the same difference has one."
        )
    return sentences


def verdict(against: Mapping[str, Any] | None, interval: bool = True) -> str:
    """`tied, +0.10 [-0.43, +0.62]`, in points, or without its interval."""
    if against is None:
        return ""
    mean, low, high = (in_points(against[key]) for key in ("mean", "low", "high"))
    return f"{against['verdict']}, {mean}" + (f" [{low}, {high}]" if interval else "")


def paper_tables(found: Findings, form: Callable[[pd.DataFrame], str], short: bool = False) -> str:
    """The paper's Tables I–III beside ours: is what it reports, against its original network, more than noise?

    short: those columns that fit a terminal.
    """
    entries = {",".join(map(str, e["threshold_ranges"] or ())): e for e in found["entries"]}
    texts = [fill(caption(found), COLUMNS), fill(NOISE, COLUMNS)] if short else [caption(found), NOISE]
    photos = found["photos"] + found["photos_left_out"]
    for title, settings in TABLES.items():
        texts.append(f"{title}\n{form(_paper_rows(entries, settings, photos, short))}")
    return "\n\n".join(texts)


NOISE = (
    "paper's: accuracy of one run on the whole published test set, with another network. noise: 95 % interval of the "
    "difference of two such accuracies over so many photos, errors taken as independent, without what seeds add. "
    "A reported difference inside it decides nothing."
)


def _paper_rows(
    entries: Mapping[str, Mapping[str, Any]], settings: Sequence[str], photos: int, short: bool
) -> pd.DataFrame:
    original = entries[""]
    if not settings:
        row = {"input": "greyscale", "paper's": PAPER_ORIGINAL, "ours": with_interval(original["accuracy"])}
        return pd.DataFrame([row | {"whole test set": f"{100 * original['all_photos']['mean']:.2f}"}]).astype(str)
    rows = []
    for ranges in settings:
        entry = entries[ranges]
        reported = PAPER_ACCURACY[ranges] - PAPER_ORIGINAL
        noise = 100 * noise_in_photos(PAPER_ACCURACY[ranges] / 100, PAPER_ORIGINAL / 100, photos)
        so_it_is = "within noise" if abs(reported) <= noise else "more than noise"
        row = {
            "threshold ranges": ranges,
            "paper's": f"{PAPER_ACCURACY[ranges]:.1f}",
            "ours": with_interval(entry["accuracy"]),
        }
        if short:
            row["paper's to original"] = f"{reported:+.1f}, {so_it_is}"
            row["to greyscale"] = verdict(entry["against"]["greyscale"], interval=False)
        else:
            row["whole test set"] = f"{100 * entry['all_photos']['mean']:.2f}"
            row["paper's to original"] = f"{reported:+.1f}"
            row |= {"noise": f"±{noise:.1f}", "so it is": so_it_is}
            row["ours to greyscale"] = verdict(entry["against"]["greyscale"])
        rows.append(row)
    return pd.DataFrame(rows)


def noise_in_photos(accuracy: float, other: float, photos: int) -> float:
    """Half the width of the 95 % interval of a difference of two proportions, 0..1, each of so many photos."""
    return NORMAL_95 * math.sqrt((accuracy * (1 - accuracy) + other * (1 - other)) / photos)


def with_interval(estimate: Mapping[str, Any]) -> str:
    """`98.04 [97.32, 98.51]`, in per cent."""
    mean, low, high = (100 * estimate[key] for key in ("mean", "low", "high"))
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]"
