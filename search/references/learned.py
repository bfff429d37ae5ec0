"""Cut points that are learned by gradient descent, together with a network: one training for each reference.

Takes the training photos of a split and a protocol. Returns references. Never uses validation or test photos.
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
from search.references.pixels import Pixels, TrainingPixels

Learn = Callable[[ToLearn], Reference | None]


def make_learner(split: Split, protocol: Protocol, device: torch.device, check: Callable[[], None]) -> Learn:
    """A function that learns a reference with the protocol's recipe, variants and seed, on the first fold.

    It returns None if the training diverged, and does not train the same reference again.
    check: called before each training step; an exception that it raises stops the training.
    """
    pixels = TrainingPixels(split.train.images, split.train.labels)
    classes = len(split.pictures.class_names)

    @cache
    def learn(wanted: ToLearn) -> Reference | None:
        say(f"learning {plural(wanted.cuts, 'threshold')} by gradient")
        chosen = protocol.chosen(split.train)
        training = Resident.of(chosen.images, chosen.labels, device)
        start = started_at(pixels.of(wanted.level_map)[0], wanted.cuts)
        learned = learn_thresholds(
            start, training, classes, protocol.recipe, protocol.seed, check, wanted.level_map.record
        )
        if learned.thresholds is None:
            say("learning thresholds failed: the training diverged; this reference is left out")
            return None
        return Reference(
            LEARNED,
            Binarization(rounded(learned.thresholds), wanted.encoding, wanted.arithmetic, (wanted.level_map,)),
            round(learned.seconds, 2),
        )

    return learn


def started_at(pixels: Pixels, k: int) -> tuple[float, ...]:
    """The k thresholds that training starts from: quantiles of the pixels, halfway between two grey levels."""
    quantiles = pixels.quantiles(np.arange(1, k + 1) / (k + 1)) + 1
    return tuple(cut - 0.5 for cut in strictly_increasing(quantiles.tolist()))


def rounded(thresholds: tuple[float, ...]) -> CutPoints:
    """The cut points that divide integer grey levels as the thresholds do, because x >= c equals x >= ⌈c⌉.

    Thresholds that round to the same cut point are moved apart by as little as possible.
    """
    return CutPoints(strictly_increasing(int(np.ceil(c)) for c in thresholds))
