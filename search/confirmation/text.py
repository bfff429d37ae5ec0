"""A confirmation's findings as text: the table of finalists, and the paper's tables beside ours.

Enters: findings, as search/confirmation/findings.py makes them. Leaves: text for stdout.
"""

from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import Any

import pandas as pd

from search.confirmation.cells import verdict, with_interval
from search.console.messages import plural
from search.console.tables import COLUMNS, fitted

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
