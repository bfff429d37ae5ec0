"""The search space of a study: which level maps it has, and on which scales its cut points lie.

Takes settings and training pixels. Returns a Space.
"""

import numpy as np

from search.binarization.levels import GREY, level_map
from search.config import StudyConfig
from search.errors import BadInput
from search.references.pixels import TrainingPixels
from search.sampling.level_choices import WINDOWED, LevelChoices
from search.sampling.space import SCALES, Edges, Space

# Even shares of the scale `pixels`. Most levels of a map with windows lie near 128, and cut points far from them give
# channels that are almost constant; grey levels are spread more widely.
EVEN_GREY, EVEN = 0.5, 0.1


def space_of(config: StudyConfig, pixels: TrainingPixels) -> Space:
    """The search space of these settings. Raises: BadInput for settings that these images do not allow."""
    if pixels.colors > 1 and config.parts > 1:
        raise BadInput(f"--parts {config.parts}: with --color per-channel, each color has one level map; leave it out")
    levels = LevelChoices(config.level_names, config.window_sides)
    edges, by_map = level_edges_of(levels, config.positions, pixels)
    return Space(
        config.max_cuts,
        config.encodings,
        edges,
        **config.arithmetics,
        levels=levels,
        level_edges=by_map,
        most_parts=config.parts,
    )


def level_edges_of(levels: LevelChoices, scale: str, pixels: TrainingPixels) -> tuple[Edges, dict[str, Edges]]:
    """The edges of the scale of grey levels, and those of the other level maps that depend on pixels, by name."""
    by_map = {name: _edges(scale, pixels, _typical(name, levels)) for name in levels.names if name in WINDOWED}
    return _edges(scale, pixels, [GREY.record]), by_map


def _edges(scale: str, pixels: TrainingPixels, records: list[dict[str, object]]) -> Edges:
    """The edges of a scale, (256,) or (3, 256), by the mean histogram of these level maps."""
    histograms = np.sum([[each.histogram for each in pixels.of(level_map(record))] for record in records], axis=0)
    even = EVEN_GREY if records == [GREY.record] else EVEN
    edges = np.stack([SCALES[scale](each, even) for each in histograms])
    return edges[0] if pixels.colors == 1 else edges


def _typical(name: str, levels: LevelChoices) -> list[dict[str, object]]:
    """Records of a level map with the smallest, a middle and the largest window: one scale serves all windows."""
    low, high = levels.windows
    middle = 2 * round(((low * high) ** 0.5 - 1) / 2) + 1
    return [{"map": name, "window": side} for side in sorted({low, middle, high})]
