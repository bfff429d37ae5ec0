"""Whole studies with level maps: from the search space to the thresholds file and the report, with a formula."""

from pathlib import Path

import numpy as np
import optuna
import pytest

from dashboards.importance import properties
from dashboards.positions import positions_data, positions_figure
from search.binarization.binarization import Binarization
from search.config import StudyConfig
from search.deploy.thresholds import read
from search.errors import BadInput
from search.references.pixels import TrainingPixels
from search.sampling.level_choices import NAMES
from search.study import run_study
from search.trials.spaces import space_of
from storage.database import open_database
from storage.results import load_results
from tests.conftest import toy_pictures
from tests.formula import make_formula

URL = "sqlite:///studies.db"
RNG = np.random.default_rng(0)


@pytest.fixture
def toy(tmp_path):
    """Each test runs in a folder of its own, see tests/conftest.py."""
    part = toy_pictures().train
    np.savez(tmp_path / "toy.npz", images=part.images, labels=part.labels)
    return "toy.npz"


def studied(toy, **settings):
    assert run_study(StudyConfig(data=toy, study_name="one", pruner="none", **settings), URL, make_formula) == 0
    return load_results(open_database(URL), "one")


@pytest.mark.parametrize("settings", [{"levels": "all"}, {"levels": "contrast,ratio,rank", "parts": 3}])
def test_a_study_of_level_maps_ends_with_a_thresholds_file_and_a_report(toy, settings):
    results = studied(toy, trials=40, windows="3-7", **settings)
    found = [Binarization.from_key(key) for key in results.candidates["key"]]
    names = {level_map.name for each in found for level_map in each.level_maps}
    assert names >= {"contrast", "ratio", "rank"}
    best, _ = read(Path("results/one/thresholds.json"))
    assert best == found[0]
    html = Path("results/one/report.html").read_text(encoding="utf-8")
    assert str(found[0].level_maps[0]) in html
    if "parts" in settings:
        assert max(len(each.parts) for each in found) > 1


def test_a_study_goes_on_with_the_same_draws(toy):
    settings = {"levels": "all", "windows": "3-9", "parts": 2, "references": "none"}
    studied(toy, trials=12, **settings)
    stopped = list(studied(toy, trials=24, **settings).trials["key"])
    optuna.delete_study(study_name="one", storage=URL)
    assert list(studied(toy, trials=24, **settings).trials["key"]) == stopped


def test_level_maps_are_properties_whose_importance_is_measured(toy):
    results = studied(toy, trials=40, levels="contrast,standardized", windows="3-7")
    assert {"level map", "window"} <= set(properties(results.candidates).columns)


def test_the_figure_of_positions_marks_each_level_map_and_has_a_histogram_for_grey_levels_only(toy):
    results = studied(toy, trials=30, levels="contrast,standardized", windows="3-7")
    data = positions_data(results)
    assert set(data["kind"]) <= {"contrast", "standardized"}
    assert list(data["cut_point"]) == [
        cut for key in results.by_cuts["key"] for part in Binarization.from_key(key).parts for cut in part.cut_points
    ]
    assert not [trace for trace in positions_figure(results).data if trace.type == "bar"]


def images(colors):
    return RNG.integers(0, 256, (40, 8, 8) if colors == 1 else (40, 8, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize("colors", [1, 3])
def test_each_color_has_scales_of_all_level_maps_with_windows(colors):
    pixels = TrainingPixels(images(colors), np.arange(40) % 2)
    space = space_of(StudyConfig(levels="all", windows="3-5"), pixels)
    assert space.levels.names == NAMES
    assert set(space.level_edges) == {"contrast", "ratio", "standardized", "sauvola"}
    shape = (256,) if colors == 1 else (3, 256)
    assert all(edges.shape == shape for edges in (space.edges, *space.level_edges.values()))
    assert all((np.diff(edges) > 0).all() for edges in space.level_edges.values())  # every cut point can be drawn


def test_several_level_maps_of_a_color_image_are_refused():
    pixels = TrainingPixels(images(3), np.arange(40) % 2)
    with pytest.raises(BadInput, match="--parts 2: with --color per-channel, each color has one level map"):
        space_of(StudyConfig(levels="contrast", parts=2), pixels)
