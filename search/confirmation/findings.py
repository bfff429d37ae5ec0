"""What a confirmation found: accuracies on test photos with intervals, and who is better, tied or worse.

Enters: predicted classes of the test pictures for each entry and seed, the test labels, photo groups.
Leaves: plain values for the database, the thresholds file and the report. Trains and chooses nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from search.binarization.binarization import Binarization
from search.binarization.cut_points import as_lists
from search.confirmation.finalists import (
    BEST_REFERENCE,
    GREYSCALE,
    RIVAL,
    Entry,
    best_reference_within,
    rivals_best_of,
    with_role,
)
from search.confirmation.statistics import Difference, Estimate, difference, estimate, majority_correct
from search.confirmation.verdicts import judged
from search.data.groups import near_copies
from search.data.near import SIMILARITY
from search.data.pictures import Part

Predicted = Mapping[Entry, npt.NDArray[np.integer]]  # (S, N) classes


def photos_without_copies(test: Part, development: Part, similarity: float = SIMILARITY) -> npt.NDArray[np.bool_]:
    """Which test pictures (N,) are of a photo that has no near copies, and no group, among the training pictures.

    similarity: what the correlation of near copies exceeds; 1 compares no pixels.
    """
    copied = near_copies(test.images, test.labels, development.images, development.labels, similarity)
    return ~np.isin(test.groups, np.union1d(test.groups[copied], development.groups))


def findings(
    entries: Sequence[Entry], predicted: Predicted, test: Part, independent: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    """All that a reading finds. independent: (N,) which test pictures count; the others do in `all_photos` alone."""
    kept = test[np.flatnonzero(independent)]
    right = {entry: predicted[entry][:, independent] == kept.labels for entry in entries}
    roles = {"greyscale": GREYSCALE, "best_reference": BEST_REFERENCE, "rival": RIVAL}
    # Groups that the data's owner gave may span classes; a vote is among pictures of one.
    one_label = np.unique(np.stack([kept.groups, kept.labels]), axis=1, return_inverse=True)[1].ravel()
    rivals = {name: with_role(entries, role) for name, role in roles.items()}

    def against(entry: Entry, rival: Entry | None) -> dict[str, Any] | None:
        if rival is None or rival == entry:
            return None
        return {"to": str(rival), **_plain(difference(right[entry], right[rival], kept.groups))}

    def one(entry: Entry) -> dict[str, Any]:
        within = with_role(entries, best_reference_within(entry.bits))
        cuts = len(entry.input.cut_points) if isinstance(entry.input, Binarization) else 0
        of_rival = with_role(entries, rivals_best_of(cuts))
        by_photo = majority_correct(predicted[entry][:, independent], kept.labels, one_label)
        return {
            **_describe(entry),
            "accuracy": _plain(estimate(right[entry], kept.groups)),
            "photo_accuracy": _plain(estimate(by_photo, np.arange(by_photo.shape[1]))),
            "all_photos": _plain(estimate(predicted[entry] == test.labels, test.groups)),
            "against": {
                **{name: against(entry, rival) for name, rival in rivals.items()},
                "reference_within_bits": against(entry, within),
                "rival_same_cuts": against(entry, of_rival),
            },
            "reference_within_bits": None if within is None else str(within),
        }

    return judged(
        {
            "photos": kept.photos,
            "pictures": len(kept),
            "photos_left_out": test.photos - kept.photos,
            "entries": [one(entry) for entry in entries],
            "best_reference": None if rivals["best_reference"] is None else str(rivals["best_reference"]),
        }
    )


def _describe(entry: Entry) -> dict[str, Any]:
    binarization = entry.input if isinstance(entry.input, Binarization) else None
    return {
        "input": str(entry),
        "roles": list(entry.roles),
        "threshold_ranges": None if binarization is None else as_lists(binarization.cut_points.ranges),
        "encoding": None if binarization is None else binarization.encoding,
        **asdict(entry.input.arithmetic),
        "bits_per_pixel": entry.bits,
        "trial": entry.trial,
        "validation": entry.value,
    }


def _plain(found: Estimate | Difference) -> dict[str, Any]:
    return {key: round(value, 6) for key, value in asdict(found).items()}
