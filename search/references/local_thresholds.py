"""Published local thresholds of one bit per pixel, with their published settings, as binarizations.

Takes a search space and the image width. Returns named binarizations. They need neither a search nor training pixels.
"""

from collections.abc import Iterator

from search.binarization.binarization import Binarization
from search.binarization.cut_points import CutPoints
from search.binarization.level_map import LevelMap
from search.binarization.levels import GREY, Dither, Rank, level_map
from search.binarization.windows import Contrast, Ratio, Sauvola, Standardized, WindowMap
from search.sampling.level_choices import DITHER, WINDOWED
from search.sampling.space import Space

WINDOW = 15  # of scikit-image's threshold_niblack and threshold_sauvola
DITHER_TILE, DITHER_SPREAD = 4, 64  # of rules on dithered levels: a pattern of four rows, a quarter of the levels


def local_thresholds(space: Space, image_width: int) -> Iterator[tuple[str, Binarization]]:
    """The local thresholds whose level map is in the space, each with its name.

    adaptive-mean: above the mean of 3×3, the default of scikit-image 0.26's threshold_local with method="mean".
    bradley-roth: above 85 % of the mean of a window of an eighth of the image width (Bradley and Roth 2007).
    niblack, sauvola: windows of 15×15 and k = 0.2, the defaults of scikit-image's threshold_niblack and
    threshold_sauvola (Niblack 1986; Sauvola and Pietikäinen 2000). k is rounded to the nearest cut point.
    """
    low, high = space.levels.windows
    eighth = 2 * (max(image_width // 8, 3) // 2) + 1
    known: dict[str, tuple[type[WindowMap], int, int]] = {
        "adaptive-mean": (Contrast, 3, 128),
        "bradley-roth": (Ratio, eighth, 109),  # 0.85 · 128 = 108.8
        "niblack": (Standardized, WINDOW, 122),  # 128 - 0.2 · 32 = 121.6
        "sauvola": (Sauvola, WINDOW, 102),  # 128 - 0.2 · 128 = 102.4
    }
    encoding = "thermometer" if "thermometer" in space.encodings else space.encodings[0]
    arithmetic = space.kinds[0][1]
    for name, (kind, window, cut) in known.items():
        if kind.name in space.levels.names and low <= window <= high:
            yield name, Binarization(CutPoints((cut,)), encoding, arithmetic, (kind(window),))


def reference_map(name: str, windows: tuple[int, int]) -> LevelMap | None:
    """The level map of this name that rules are applied to. windows: least and largest side in the search space.

    None for a mosaic, which has no published pattern.
    """
    low, high = windows
    if name in WINDOWED:
        return level_map({"map": name, "window": min(max(WINDOW, low), high)})
    fixed: dict[str, LevelMap] = {
        GREY.name: GREY,
        Rank.name: Rank(),
        DITHER: Dither.bayer(DITHER_TILE, DITHER_SPREAD),
    }
    return fixed.get(name)
