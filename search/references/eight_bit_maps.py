"""The 8-bit level maps of a study: its best level maps without cut points, trained once the study is complete.

They are fair rivals of the candidates, because a level map alone may be worth more than plain greyscale.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from search.binarization.binarization import Binarization, Greyscale
from search.binarization.level_map import LevelMap
from search.binarization.levels import GREY
from search.binarization.windows import LARGEST_IMAGE, Standardized
from search.console.messages import say
from search.references.greyscale import EightBit
from storage.attributes import LEVEL_MAP_INPUTS, internal, set_internal

MOST_MAPS = 3  # level maps of the best candidates that are trained, in addition to WHOLE
WHOLE = Standardized(0)  # each image standardized as a whole


def best_level_maps(candidates: pd.DataFrame, image_pixels: int) -> list[LevelMap]:
    """The level maps that a study trains at 8 bits, without duplicates.

    candidates: the best first. image_pixels: number of pixels of an image; if it is too large for WHOLE, that one is
        left out.
    Returns the level maps other than grey of the best candidate and of the best for each number of bits, fewest bits
    first, at most MOST_MAPS of them, and WHOLE. Returns nothing without candidates.
    """
    if candidates.empty:
        return []
    by_bits = candidates.drop_duplicates("channels").sort_values("channels")
    keys = [candidates["key"].iloc[0], *by_bits["key"]]
    maps = [part.level_map for key in keys for part in Binarization.from_key(key).parts if part.level_map != GREY]
    chosen = list(dict.fromkeys(maps))[:MOST_MAPS]
    return list(dict.fromkeys([*chosen, WHOLE])) if image_pixels <= LARGEST_IMAGE else chosen


def train_level_maps(training: EightBit, greyscale: Greyscale, level_maps: Sequence[LevelMap]) -> None:
    """Trains the 8-bit level maps that have no run yet, and shows their values; processes share the work.

    greyscale: the greyscale input of the study, whose weights and activations are used.
    Before training, the inputs are recorded in the study. When the time is over, no further training starts.
    """
    inputs = [replace(greyscale, level_map=level_map) for level_map in level_maps]
    known = list(internal(training.study, LEVEL_MAP_INPUTS) or ())
    if added := [each.key for each in inputs if each.key not in known]:
        # Processes that end at the same time see the same candidates and record the same inputs.
        set_internal(training.study, LEVEL_MAP_INPUTS, known + added)
    for wait in (False, True):
        left = []
        for each in inputs:
            if training.time_is_over and training.stored(each) is None and not training.failed(each):
                say_skipped("--timeout is over")
                return
            if training.run(each, wait) is None and not training.failed(each):
                left.append(each)
        inputs = left


def say_skipped(why: str) -> None:
    """Says that 8-bit level maps were not trained."""
    say(f"8-bit level maps: skipped, {why}; a later run trains them once the study is complete")
