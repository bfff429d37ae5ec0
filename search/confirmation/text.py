"""The findings of a confirmation as text: a caption and a table."""

from collections.abc import Callable, Sequence
from textwrap import fill

import pandas as pd

from search.confirmation.cells import verdict, with_interval
from search.confirmation.findings import Confirmed, Findings
from search.confirmation.roles import all_roles, main_role
from search.console.messages import plural
from search.console.tables import COLUMNS, fitted

WITHIN_BITS = "to best reference of no more bits"
SAME_CUTS = "to rival's of as many cut points"
UNEQUAL = 0.1  # share of the search's seconds by which a rival's may differ
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
            "input": str(entry.input),
            "roles": ", ".join(map(str, entry.roles)),
            "bits": entry.input.bits,
            "accuracy": entry.accuracy.mean,
            "low": entry.accuracy.low,
            "high": entry.accuracy.high,
            "sd": entry.accuracy.sd,
            "seeds": entry.accuracy.n,
            "photo_accuracy": entry.photo_accuracy.mean,
            "verdict": entry.against["greyscale"].verdict if "greyscale" in entry.against else "",
        }
        for entry in ordered(found)
    ]
    return pd.DataFrame(rows)


def confirmed_table(found: Findings) -> pd.DataFrame:
    """The same for people, in per cent and points, with all comparisons."""
    rows = []
    for entry in ordered(found):
        against = entry.against
        row = {
            "input": str(entry.input),
            "bits": entry.input.bits,
            "test accuracy, %": with_interval(entry.accuracy),
            "seeds": entry.accuracy.n,
            "sd": f"{100 * entry.accuracy.sd:.2f}",
            "photos right": f"{100 * entry.photo_accuracy.mean:.2f}",
            "whole test set": f"{100 * entry.all_photos.mean:.2f}",
            f"to {found.greyscale.input}": verdict(against.get("greyscale")),
            "to best reference": verdict(against.get("best_reference")),
            WITHIN_BITS: "same" if entry.input == entry.within_bits else verdict(against.get("reference_within_bits")),
        }
        if found.has_rival:
            row["to rival's best"] = verdict(against.get("rival"))
            row[SAME_CUTS] = verdict(against.get("rival_same_cuts"))
        rows.append(row | {"stands for": all_roles(entry.roles)})
    table = pd.DataFrame(rows)
    return table.drop(columns=[name for name in (WITHIN_BITS, SAME_CUTS) if name in table and not table[name].any()])


def confirmed_tables(found: Findings, form: Callable[[pd.DataFrame], str], short: bool = False) -> str:
    """The caption and the table; short: only columns that fit a terminal."""
    if not short:
        return f"{caption(found)}\n\n{form(confirmed_table(found))}"
    return f"{fill(caption(found), COLUMNS)}\n\n{form(short_table(found))}\n\n{fill(SHORT, COLUMNS)}"


def short_table(found: Findings) -> pd.DataFrame:
    """The columns that fit a terminal: accuracy, verdicts, the main role."""
    best_reference = found.best_reference
    rows = []
    for entry in ordered(found):
        against = entry.against
        row = {
            "input": str(entry.input),
            "bits": entry.input.bits,
            "test accuracy, %": with_interval(entry.accuracy),
            f"to {found.greyscale.input}": verdict(against.get("greyscale"), interval=False),
        }
        if found.has_rival:
            of_rival = against.get("rival_same_cuts") or against.get("rival")
            row["to rival's"] = verdict(of_rival, interval=False)
        elif best_reference is not None:
            itself = entry.input == (entry.within_bits or best_reference)
            of_reference = against.get("reference_within_bits") or against.get("best_reference")
            row["to reference"] = "same" if itself else verdict(of_reference, interval=False)
        rows.append(row | {"stands for": main_role(entry.roles)})
    return fitted(pd.DataFrame(rows).astype(str), ["stands for", "input"])


def ordered(found: Findings) -> Sequence[Confirmed]:
    """The entries, fewest bits first, then the most accurate."""
    return sorted(found.entries, key=lambda entry: (entry.input.bits, -entry.accuracy.mean))


def caption(found: Findings) -> str:
    """The number of photos, what is left out, what the numbers mean, the number of readings, the cost of the search."""
    about, left_out = found.circumstances, found.photos_left_out
    copies = f", {plural(left_out, 'photo')} with near copies among the training photos left out" if left_out else ""
    sentences = [
        f"Accuracy on {found.photos} test photos ({found.pictures} images){copies}, of networks trained with "
        "fresh seeds on all other photos; [95 % interval over photos and seeds].",
        f"Reading {about.readings} of these photos in this database.",
        *verdict_sentences(found),
        *(
            f"Search of study {cost.study}: {plural(cost.trials, 'trial')}, {cost.seconds:,.0f} s of training."
            for cost in about.cost
        ),
    ]
    if found.has_rival:
        own, rivals = (cost.seconds for cost in about.cost)
        if abs(rivals / own - 1) > UNEQUAL:
            sentences.append(
                f"The rival's training took {rivals / own:.2f} times as long: no comparison at equal cost."
            )
    if len(about.trained_with) > 1:
        sentences.append(f"Trained with different versions or devices: {'; '.join(about.trained_with)}.")
    return " ".join(sentences)


def verdict_sentences(found: Findings) -> list[str]:
    """Sentences that explain the verdicts that occur."""
    said = {against.verdict for entry in found.entries for against in entry.against.values()}
    sentences = [
        "Verdicts are corrected for the number of entries in their column (Holm, 5 %), intervals are not. "
        "Tied: no difference was detected, which does not show that there is none."
    ]
    if found.margin is not None:
        sentences.append(f"Equivalent: the interval lies within ±{100 * found.margin:g} points.")
    if "unclear" in said:
        sentences.append(
            "Unclear: significant before the correction only, or another entry with the same displayed difference is "
            "significant."
        )
    return sentences
