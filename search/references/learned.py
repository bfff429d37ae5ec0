"""Cut points that are learned by gradient: one training each, paid when its turn has come.

Enters: a split's training photos and a protocol. Leaves: references. Never looks at validation or test photos.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import torch

from models.learned import learn_thresholds
from models.train import Resident
from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints, strictly_increasing
from search.console.messages import plural, say
from search.data.split import Split
from search.evaluation.protocol import Protocol
from search.references.catalogue import LEARNED, Reference, ToLearn
from search.references.rules import Pixels

Learn = Callable[[ToLearn], Reference | None]


def make_learner(split: Split, protocol: Protocol, device: torch.device, check: Callable[[], None]) -> Learn:
    """What learns a reference by the protocol: its recipe, variants and seed, the first fold's training photos.

    None is given when the training diverged; it is not tried again. check(): called before each training step.
    """
    (pixels, *_) = Pixels.by_channel(split.train.images, split.train.labels)
    classes = len(split.pictures.class_names)

    @cache
    def learn(wanted: ToLearn) -> Reference | None:
        say(f"learning {plural(wanted.cuts, 'threshold')} by gradient")
        chosen = protocol.chosen(split.train)
        training = Resident.of(chosen.images, chosen.labels, device)
        learned = learn_thresholds(
            started_at(pixels, wanted.cuts), training, classes, protocol.recipe, protocol.seed, check
        )
        if learned.thresholds is None:
            say("learning thresholds: failed, the training diverged; there is no such reference")
            return None
        return Reference(
            LEARNED,
            Binarization(rounded(learned.thresholds), wanted.encoding, wanted.arithmetic),
            round(learned.seconds, 2),
        )

    return learn


def started_at(pixels: Pixels, k: int) -> tuple[float, ...]:
    """Quantiles, each halfway between two grey levels."""
    quantiles = pixels.quantiles(np.arange(1, k + 1) / (k + 1)) + 1
    return tuple(cut - 0.5 for cut in strictly_increasing(quantiles.tolist()))


def rounded(thresholds: tuple[float, ...]) -> CutPoints:
    """The cut points that divide the grey levels as the thresholds do: x >= c is x >= ⌈c⌉ for an integer x.

    Where two came to lie between the same levels they move apart, by as little as it takes.
    """
    return CutPoints(strictly_increasing(int(np.ceil(c)) for c in thresholds))
