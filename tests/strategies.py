"""Hypothesis strategies: level maps, cut points, binarizations and images."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.constants import ACTIVATIONS, WEIGHTS
from search.binarization.binarization import Arithmetic, Binarization
from search.binarization.cut_points import CutPoints, cut_points_of
from search.binarization.encodings import ENCODINGS
from search.binarization.levels import GREY, Dither, Rank
from search.binarization.windows import Contrast, Ratio, Sauvola, Standardized

WINDOW_MAPS = (Contrast, Ratio, Standardized, Sauvola)
WINDOWS = (3, 5, 9, 15, 31, 55, 217, 255)  # 55 and 217 are the first that models/levels.py computes with int64

windows = st.sampled_from(WINDOWS)
patterns = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(st.integers(-255, 255), min_size=n, max_size=n), min_size=n, max_size=n)
)
dithers = st.one_of(
    patterns.map(lambda rows: Dither(tuple(map(tuple, rows)))),
    st.builds(Dither.bayer, st.sampled_from((2, 4, 8)), st.integers(0, 255)),
)
window_maps = st.one_of(
    st.builds(lambda kind, window: kind(window), st.sampled_from(WINDOW_MAPS), windows),
    st.sampled_from((Contrast, Ratio, Standardized)).map(lambda kind: kind(0)),
)
level_maps = st.one_of(st.just(GREY), st.just(Rank()), window_maps, dithers)

cut_points = st.sets(st.integers(1, 255), min_size=1, max_size=8).map(lambda cuts: CutPoints(tuple(sorted(cuts))))
arithmetics = st.builds(Arithmetic, st.sampled_from(list(WEIGHTS)), st.sampled_from(list(ACTIVATIONS)))
encodings = st.sampled_from(list(ENCODINGS))


def with_parts(least: int, most: int, colors: bool = False) -> st.SearchStrategy[Binarization]:
    """Binarizations with this many parts. The level maps of one image differ; those of colors may be equal."""

    def of(maps):
        n = len(maps)
        cuts = st.lists(cut_points, min_size=n, max_size=n).map(lambda parts: cut_points_of(parts, colors))
        return st.builds(Binarization, cuts, encodings, arithmetics, st.just(tuple(maps)))

    unique = None if colors else lambda of: of
    return st.lists(level_maps, min_size=least, max_size=most, unique_by=unique).flatmap(of)


grey_binarizations = with_parts(1, 3)
color_binarizations = with_parts(3, 3, colors=True)


def images(channels: int = 1) -> st.SearchStrategy[np.ndarray]:
    """Small images (N, H, W), or (N, H, W, 3)."""
    sizes = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9))
    return sizes.flatmap(lambda size: arrays.arrays(np.uint8, size if channels == 1 else (*size, channels)))
