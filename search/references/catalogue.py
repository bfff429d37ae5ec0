"""References: binarizations that need no search, in the order in which a study tries them.

Takes the training pixels. Returns named references, and placeholders for those that are learned later. Trains nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, zip_longest

import numpy as np

from search.binarization.binarization import Arithmetic, Binarization
from search.binarization.cut_points import AnyCutPoints, CutPoints, cut_points_of
from search.binarization.encodings import ENCODINGS
from search.references.rules import RULES, SUPERVISED, Pixels, Rule, uniform
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
    """A reference whose cut points are not learned yet: their number, the encoding and the arithmetic."""

    cuts: int
    encoding: str
    arithmetic: Arithmetic = Arithmetic()


def references(
    which: str, pixels: Sequence[Pixels], space: Space, sign_mnist: bool, supervised: bool = True
) -> list[Reference | ToLearn]:
    """The references of a study, without duplicates, in an order that alternates between rules.

    which: `auto` is every rule, and the paper's settings on Sign Language MNIST, for whose grey levels they were
        chosen; `paper` is the paper's settings; `all` is all of these and the learned references, which cost one
        training each; `none` is no reference.
    pixels: the training pixels of each channel that has cut points of its own. With three colors, a rule gives each
        color the same number of cut points. The paper's settings and learned references exist for grey images only.
    sign_mnist: whether the images are Sign Language MNIST.
    supervised: whether references that use labels are included.

    If the space has several encodings, the paper's settings use `range`, as in the paper, learned references use
    `thermometer`, with which they are learned, and the bit planes use `bit-planes`. The rules cycle through the
    encodings, weights and activations, because a sampler that has seen only one of them rarely tries another. The
    levels of the local encoding are spread evenly for all images, so its only rule is `uniform`.
    """
    max_cuts = space.max_cuts
    fixed = [kind for kind in space.kinds if not ENCODINGS[kind[0]].local]
    series: list[list[Reference | ToLearn]] = []
    if which in ("all", "auto"):
        rules = {name: rule for name, rule in RULES.items() if supervised or name not in SUPERVISED}
        for name, rule in rules.items():
            cuts = [_by_rule(rule, pixels, k) for k in _spread(max_cuts)]
            turn = cycle(space.kinds if rule is uniform else fixed or [None])
            kinds = [next(turn) if c is not None else None for c in cuts]
            series.append(
                [Reference(name, Binarization(c, *kind)) for c, kind in zip(cuts, kinds, strict=True) if c and kind]
            )
        if PLANES in space.encodings:
            series.append([Reference(PLANES, Binarization(c, *k)) for c, k in _bit_planes(pixels, space)])
    if fixed and len(pixels) == 1 and (which in ("all", "paper") or (which == "auto" and sign_mnist)):
        paper = [CutPoints.from_ranges(ranges) for ranges in PAPER]
        series.append([Reference("paper", Binarization(c, *fixed[0])) for c in paper if len(c) <= max_cuts])
    if fixed and len(pixels) == 1 and which == "all" and supervised:
        kind = next((each for each in fixed if each[0] == "thermometer"), fixed[0])
        levels = np.count_nonzero(pixels[0].histogram)
        series.append([ToLearn(k, *kind) for k in _spread(max_cuts) if k < levels])
    # Take one of each series in turn. Each series starts with a different number of cut points.
    turned = [_rotate(each, 2 * i) for i, each in enumerate(series)]
    in_turn = [found for row in zip_longest(*turned) for found in row if found is not None]
    first = {_key(found): found for found in reversed(in_turn)}  # of equal binarizations, the first name is kept
    return [found for found in in_turn if first[_key(found)] is found]


def _by_rule(rule: Rule, pixels: Sequence[Pixels], k: int) -> AnyCutPoints | None:
    """k cut points for each channel; None if the rule has none for some channel."""
    parts = [part for each in pixels if (part := rule(each, k)) is not None]
    return cut_points_of(parts) if len(parts) == len(pixels) else None


def _bit_planes(pixels: Sequence[Pixels], space: Space) -> Iterator[tuple[AnyCutPoints, tuple[str, Arithmetic]]]:
    """The highest 1, 2, … bit planes of the image: 2^b - 1 equally spaced cut points give b planes."""
    kind = next(each for each in space.kinds if each[0] == PLANES)
    for bits in range(1, (space.max_cuts + 1).bit_length()):
        cuts = _by_rule(uniform, pixels, 2**bits - 1)
        assert cuts is not None
        yield cuts, kind


def _key(found: Reference | ToLearn) -> Binarization | ToLearn:
    return found.binarization if isinstance(found, Reference) else found


def _spread(max_cuts: int) -> Iterator[int]:
    """1..max_cuts, widely spaced numbers first: for 8, 4 1 8 2 6 3 7 5."""
    wanted = [4, 1, 8, 2, 6, 3, 7, 5]
    yield from (k for k in wanted if k <= max_cuts)
    yield from range(len(wanted) + 1, max_cuts + 1)


def _rotate(found: list[Reference | ToLearn], by: int) -> list[Reference | ToLearn]:
    by %= max(len(found), 1)
    return found[by:] + found[:by]
