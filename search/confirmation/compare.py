"""From predictions to findings: the accuracy of each input on the test photos, and its differences to others."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
import numpy.typing as npt

from search.confirmation.finalists import Entry, with_role
from search.confirmation.findings import Circumstances, Comparison, Confirmed, Findings, cuts_of
from search.confirmation.roles import (
    BEST_8_BIT,
    BEST_REFERENCE,
    GREYSCALE,
    RIVAL_BEST,
    best_reference_within,
    rival_best_of,
)
from search.confirmation.statistics import Estimate, difference, estimate, majority_correct
from search.confirmation.verdicts import judged
from search.data.groups import near_copies
from search.data.near import SIMILARITY
from search.data.pictures import Part

Predicted = Mapping[Entry, npt.NDArray[np.integer]]  # (S, N) classes


def photos_without_copies(test: Part, development: Part, similarity: float = SIMILARITY) -> npt.NDArray[np.bool_]:
    """Which test images (N,) belong to a photo without a near copy, or an image of its group, among the others.

    development: the images that are not test images. similarity: the correlation above which images are near
    copies; with 1 no pixels are compared.
    """
    copied = near_copies(test.images, test.labels, development.images, development.labels, similarity)
    return ~np.isin(test.groups, np.union1d(test.groups[copied], development.groups))


def compare(
    entries: Sequence[Entry],
    predicted: Predicted,
    test: Part,
    independent: npt.NDArray[np.bool_],
    circumstances: Circumstances,
) -> Findings:
    """The findings, with verdicts.

    independent: (N,), which test images count; the others count in `all_photos` only.
    """
    kept = test[np.flatnonzero(independent)]
    right = {entry: predicted[entry][:, independent] == kept.labels for entry in entries}
    # Groups that the owner of the data gave may span classes; a majority is taken among images of one class.
    one_label = np.unique(np.stack([kept.groups, kept.labels]), axis=1, return_inverse=True)[1].ravel()

    def one(entry: Entry) -> Confirmed:
        within = with_role(entries, best_reference_within(entry.bits))
        rivals = {
            "greyscale": with_role(entries, GREYSCALE),
            "best_8_bit": with_role(entries, BEST_8_BIT),
            "best_reference": with_role(entries, BEST_REFERENCE),
            "rival": with_role(entries, RIVAL_BEST),
            "reference_within_bits": within,
            "rival_same_cuts": with_role(entries, rival_best_of(cuts_of(entry.input))),
        }
        by_photo = majority_correct(predicted[entry][:, independent], kept.labels, one_label)
        return Confirmed(
            entry.input,
            entry.roles,
            entry.trial,
            entry.value,
            _rounded(estimate(right[entry], kept.groups)),
            _rounded(estimate(by_photo, np.arange(by_photo.shape[1]))),
            _rounded(estimate(predicted[entry] == test.labels, test.groups)),
            {
                name: _comparison(rival, right[entry], right[rival], kept.groups)
                for name, rival in rivals.items()
                if rival is not None and rival != entry
            },
            None if within is None else within.input,
        )

    return judged(
        Findings(
            tuple(one(entry) for entry in entries),
            kept.photos,
            len(kept),
            test.photos - kept.photos,
            circumstances,
        )
    )


def _comparison(
    rival: Entry, right: npt.NDArray[np.bool_], rivals: npt.NDArray[np.bool_], groups: npt.NDArray[np.int64]
) -> Comparison:
    found = asdict(difference(right, rivals, groups))
    return Comparison(rival.input, **{name: round(value, 6) for name, value in found.items()})


def _rounded(found: Estimate) -> Estimate:
    return replace(found, **{name: round(value, 6) for name, value in asdict(found).items()})
