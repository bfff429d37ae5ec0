"""The findings of a confirmation as text: a caption, a table, and the fewest bits that are enough."""

from collections.abc import Callable, Sequence
from textwrap import fill

import pandas as pd

from search.binarization.binarization import Binarization, Greyscale
from search.confirmation.cells import verdict, with_interval
from search.confirmation.findings import Confirmed, Findings
from search.confirmation.roles import all_roles, main_role
from search.console.messages import plural
from search.console.tables import COLUMNS, fitted

TO_8_BIT = "to best 8-bit level map"
SHORT_TO_8_BIT = "to best 8-bit"  # instead of references, because a terminal has no room for more columns
WITHIN_BITS = "to best reference of no more bits"
SAME_CUTS = "to rival's of as many cut points"
UNEQUAL = 0.1  # share of the search's seconds by which a rival's may differ
SHORT = (
    "Columns 'to X': the verdict against X, and the difference in points; 'same': the input is X itself. The reference "
    "is the best of no more bits, or of all where there is none; the rival's is its best of as many cut points, or of "
    "all. --wide and --format markdown show all columns and the intervals of the differences."
)
SHORT_8_BIT = (
    "Columns 'to X': the verdict against X, and the difference in points; 'same': the input is X itself. --wide and "
    "--format markdown show all columns, such as differences from references, and the intervals of the differences."
)


def confirmed_data(found: Findings) -> pd.DataFrame:
    """One row for each entry, fewest bits first: input, roles, bits, accuracy, low, high, sd, seeds, photo_accuracy,
    the verdicts on greyscale and on the best 8-bit level map (empty for itself), and whether the input is 8-bit."""
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
            "verdict_8_bit": entry.against["best_8_bit"].verdict if "best_8_bit" in entry.against else "",
            "eight_bit": isinstance(entry.input, Greyscale),
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
            TO_8_BIT: _to_8_bit(entry, found),
            "to best reference": verdict(against.get("best_reference")),
            WITHIN_BITS: "same" if entry.input == entry.within_bits else verdict(against.get("reference_within_bits")),
        }
        if found.has_rival:
            row["to rival's best"] = verdict(against.get("rival"))
            row[SAME_CUTS] = verdict(against.get("rival_same_cuts"))
        rows.append(row | {"stands for": all_roles(entry.roles)})
    table = pd.DataFrame(rows)
    optional = (TO_8_BIT, WITHIN_BITS, SAME_CUTS)
    return table.drop(columns=[name for name in optional if name in table and not table[name].any()])


def _to_8_bit(entry: Confirmed, found: Findings, interval: bool = True) -> str:
    """The cell of the best 8-bit level map, empty where there is none or where greyscale is the best."""
    best = found.best_8_bit
    if best is None or best.is_greyscale:
        return ""
    return "same" if entry.input == best.input else verdict(entry.against.get("best_8_bit"), interval)


def confirmed_tables(found: Findings, form: Callable[[pd.DataFrame], str], short: bool = False) -> str:
    """The caption, the table, and with a margin the fewest bits; short: only columns that fit a terminal."""
    if short:
        table = short_table(found)
        about = SHORT_8_BIT if SHORT_TO_8_BIT in table else SHORT
        texts = [fill(caption(found), COLUMNS), form(table), fill(about, COLUMNS)]
    else:
        texts = [caption(found), form(confirmed_table(found))]
    return "\n\n".join([*texts, *(["\n".join(answers)] if (answers := fewest_bits(found)) else [])])


def fewest_bits(found: Findings) -> list[str]:
    """The fewest bits per pixel that are equivalent to the best 8-bit level map, and to greyscale; one line for each.

    A candidate or reference that is better counts too. Empty without a margin, or if greyscale is the only 8-bit input
    that the study has trained.
    """
    if found.margin is None or found.best_8_bit is None:
        return []
    points = f"{100 * found.margin:g} point{'' if found.margin == 0.01 else 's'}"
    made = []
    for column, name in (("best_8_bit", "the best 8-bit level map"), ("greyscale", str(found.greyscale.input))):
        enough = (
            f"{entry.input.bits}, {entry.input}" + (" (better)" if compared.verdict == "better" else "")
            for entry in ordered(found)
            if isinstance(entry.input, Binarization)
            and (compared := entry.against.get(column)) is not None
            and compared.verdict in ("equivalent", "better")
        )
        answer = next(enough, "none of the confirmed inputs")
        made.append(f"fewest bits per pixel equivalent to {name} (within {points}): {answer}")
    return made


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
        elif found.best_8_bit is not None and not found.best_8_bit.is_greyscale:
            row[SHORT_TO_8_BIT] = _to_8_bit(entry, found, interval=False)
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
    """The number of photos, what is left out, what the numbers mean, the number of readings, the best 8-bit level map,
    the cost of the search."""
    about, left_out, best = found.circumstances, found.photos_left_out, found.best_8_bit
    copies = f", {plural(left_out, 'photo')} with near copies among the training photos left out" if left_out else ""
    sentences = [
        f"Accuracy on {found.photos} test photos ({found.pictures} images){copies}, of networks trained with "
        "fresh seeds on all other photos; [95 % interval over photos and seeds].",
        f"Reading {about.readings} of these photos in this database.",
        *([] if best is None else [f"Best 8-bit level map on validation photos: {best.input}."]),
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
