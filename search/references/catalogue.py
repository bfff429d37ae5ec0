"""References: binarizations that need no search, in the order in which a study tries them.

Takes the training pixels. Returns named references, and placeholders for those that are learned later. Trains nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, zip_longest
from typing import TypeVar

import numpy as np

from search.binarization.binarization import Arithmetic, Binarization
from search.binarization.cut_points import AnyCutPoints, CutPoints, cut_points_of
from search.binarization.level_map import LevelMap
from search.binarization.levels import GREY, Rank
from search.references.local_thresholds import local_thresholds, reference_map
from search.references.pixels import Pixels
from search.references.rules import RULES, SUPERVISED, Rule, uniform
from search.sampling.space import Space

PLANES = "bit-planes"  # the encoding, and its reference
LEARNED = "learned"  # the name of references whose cut points are learned by gradient descent
WHICH = ("auto", "paper", "all", "none")

# The eight settings of the paper's Tables I–III and Section IV, in its order.
PAPER = (
    (0, 150, 255),
    (0, 200, 255),
    (0, 150, 170, 255),
    (0, 150, 170, 200, 255),
    (0, 90, 150, 170, 255),
    (0, 90, 150, 170, 210, 255),
    (0, 150, 170, 190, 210, 230, 255),
    (0, 90, 120, 150, 180, 210, 230, 255),
)


@dataclass(frozen=True)
class Reference:
    """A binarization that needs no search, and its name."""

    name: str
    binarization: Binarization
    seconds: float = 0.0  # training time that was needed to find it


@dataclass(frozen=True)
class ToLearn:
    """A reference whose cut points are not learned yet: their number, encoding, arithmetic and level map."""

    cuts: int
    encoding: str
    arithmetic: Arithmetic = Arithmetic()
    level_map: LevelMap = GREY


Kind = tuple[LevelMap, str, Arithmetic]  # everything of a reference except its cut points
T = TypeVar("T")
PixelsOf = Callable[[LevelMap], Sequence[Pixels]]  # the training pixels of each channel that has cut points of its own


def references(
    which: str, pixels: PixelsOf, space: Space, sign_mnist: bool, image_width: int, supervised: bool = True
) -> list[Reference | ToLearn]:
    """The references of a study, without duplicates, in an order that alternates between rules.

    which: `auto` is every rule and local threshold, and the paper's settings on Sign Language MNIST, for whose grey
        levels they were chosen; `paper` is the paper's settings; `all` is all of these and the learned references,
        which cost one training each; `none` is no reference.
    pixels: the training pixels as levels of a level map. With three colors, a rule gives each color the same number of
        cut points. The paper's settings and learned references exist for grey images only.
    sign_mnist: whether the images are Sign Language MNIST. image_width: in pixels.
    supervised: whether references that use labels are included.

    Rules use the pixels of each level map, with its published window. They cycle through the level maps, encodings,
    weights and activations of the space, because a sampler that has seen only one of them rarely tries another. The
    levels of `rank` are spread evenly for all images, so its only rule is `uniform`. The paper's settings and the bit
    planes are of grey levels. If the space has several encodings, the paper's settings use `range`, as in the paper,
    learned references use `thermometer`, with which they are learned, and the bit planes use `bit-planes`.
    """
    kinds = _kinds(space)
    series: list[list[Reference | ToLearn]] = []
    if which in ("all", "auto"):
        rules = {name: rule for name, rule in RULES.items() if supervised or name not in SUPERVISED}
        for i, (name, rule) in enumerate(rules.items()):
            # With several level maps, rules start at different ones, so that each number of cut points has several.
            rotated = _rotate(kinds, i if len(space.levels.names) > 1 else 0)
            turn = cycle([kind for kind in rotated if rule is uniform or not isinstance(kind[0], Rank)] or [None])
            found = [
                (kind, _by_rule(rule, pixels(kind[0]), k)) for k in _spread(space.max_cuts) if (kind := next(turn))
            ]
            series.append([Reference(name, _made(cuts, kind)) for kind, cuts in found if cuts is not None])
        if PLANES in space.encodings and GREY in [kind[0] for kind in kinds]:
            series.append([Reference(PLANES, each) for each in _bit_planes(pixels(GREY), space)])
    grey = [kind for kind in kinds if kind[0] == GREY]
    if grey and space.colors == 1 and (which in ("all", "paper") or (which == "auto" and sign_mnist)):
        paper = [CutPoints.from_ranges(ranges) for ranges in PAPER]
        series.append([Reference("paper", _made(c, grey[0])) for c in paper if len(c) <= space.max_cuts])
    if kinds and space.colors == 1 and which == "all" and supervised:
        by_turns = cycle([kind for kind in kinds if kind[1] == "thermometer"] or kinds)
        learned = [(k, *next(by_turns)) for k in _spread(space.max_cuts)]
        series.append([ToLearn(k, e, a, level_map) for k, level_map, e, a in learned if k < _levels(pixels(level_map))])
    if which in ("all", "auto") and space.colors == 1:
        series.append([Reference(name, found) for name, found in local_thresholds(space, image_width)])
    # Take one of each series in turn. Each series starts with a different number of cut points.
    turned = [_rotate(each, 2 * i) for i, each in enumerate(series)]
    in_turn = [found for row in zip_longest(*turned) for found in row if found is not None]
    first = {_key(found): found for found in reversed(in_turn)}  # of equal binarizations, the first name is kept
    return [found for found in in_turn if first[_key(found)] is found]


def _kinds(space: Space) -> list[Kind]:
    """Every combination of a level map with its published window, an encoding, weights and activations."""
    maps = [found for name in space.levels.names if (found := reference_map(name, space.levels.windows)) is not None]
    # Level maps vary fastest, so that neighbors in a series of eight numbers of cut points differ in them.
    return [(level_map, *kind) for kind in space.kinds for level_map in maps]


def _made(cuts: AnyCutPoints, kind: Kind) -> Binarization:
    level_map, encoding, arithmetic = kind
    return Binarization(cuts, encoding, arithmetic, (level_map,))


def _by_rule(rule: Rule, pixels: Sequence[Pixels], k: int) -> AnyCutPoints | None:
    """k cut points for each channel; None if the rule has none for some channel."""
    parts = [part for each in pixels if (part := rule(each, k)) is not None]
    return cut_points_of(parts, colors=len(pixels) > 1) if len(parts) == len(pixels) else None


def _bit_planes(pixels: Sequence[Pixels], space: Space) -> Iterator[Binarization]:
    """The highest 1, 2, … bit planes of the image: 2^b - 1 equally spaced cut points give b planes."""
    kind = next(each for each in space.kinds if each[0] == PLANES)
    for bits in range(1, (space.max_cuts + 1).bit_length()):
        cuts = _by_rule(uniform, pixels, 2**bits - 1)
        assert cuts is not None
        yield Binarization(cuts, *kind)


def _levels(pixels: Sequence[Pixels]) -> int:
    """Number of levels that occur."""
    return int(np.count_nonzero(pixels[0].histogram))


def _key(found: Reference | ToLearn) -> Binarization | ToLearn:
    return found.binarization if isinstance(found, Reference) else found


def _spread(max_cuts: int) -> Iterator[int]:
    """1..max_cuts, widely spaced numbers first: for 8, 4 1 8 2 6 3 7 5."""
    wanted = [4, 1, 8, 2, 6, 3, 7, 5]
    yield from (k for k in wanted if k <= max_cuts)
    yield from range(len(wanted) + 1, max_cuts + 1)


def _rotate(found: list[T], by: int) -> list[T]:
    by %= max(len(found), 1)
    return found[by:] + found[:by]
