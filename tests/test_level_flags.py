"""The flags --levels, --windows and --parts: what they accept, and when a study's settings include them."""

import numpy as np
import optuna
import pytest

from search.config import StudyConfig
from search.errors import BadInput
from search.sampling.level_choices import NAMES, LevelChoices
from search.sampling.local import LocalSampler
from search.sampling.space import Space, linear_scale
from search.trials.lifecycle import ask


def test_a_study_of_grey_levels_has_the_settings_of_earlier_versions():
    assert set(StudyConfig(levels="grey").space_settings) == {"max_cuts", "encoding", "positions", "objectives"}


@pytest.mark.parametrize(
    ("given", "names"),
    [("all", NAMES), ("ratio", ("ratio",)), ("ratio, grey", ("grey", "ratio")), ("grey,ratio", ("grey", "ratio"))],
)
def test_level_maps_are_given_by_name_in_any_order(given, names):
    assert StudyConfig(levels=given).level_names == names


def test_the_order_of_level_maps_does_not_change_the_settings():
    one, other = (StudyConfig(levels=each).space_settings for each in ("contrast,grey", "grey, contrast"))
    assert one == other
    assert one["levels"] == "grey,contrast"


def test_windows_are_a_setting_only_where_a_level_map_has_one():
    assert "windows" not in StudyConfig(levels="rank,dither", windows="3-9").space_settings
    assert StudyConfig(levels="rank,ratio", windows="3-9").space_settings["windows"] == "3-9"


def test_parts_are_a_setting_only_where_there_may_be_several():
    assert "parts" not in StudyConfig(levels="contrast").space_settings
    assert StudyConfig(levels="contrast", parts=2).space_settings["parts"] == 2


@pytest.mark.parametrize(("given", "sides"), [("3-31", (3, 31)), ("5", (5, 5)), ("9-9", (9, 9)), ("3-255", (3, 255))])
def test_windows_are_a_range_of_odd_numbers_or_one_of_them(given, sides):
    assert StudyConfig(windows=given).window_sides == sides


@pytest.mark.parametrize("given", ["4-9", "3-10", "1-9", "9-3", "3-257", "", "3-", "-9", "3–9", "three", "3-9-11"])
def test_other_windows_are_refused_in_one_line(given):
    with pytest.raises(BadInput, match=r"--windows .*expected two odd numbers of pixels from 3 to 255") as refused:
        StudyConfig(windows=given)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "why"), [("", "is no level map"), ("grey,grey", "is given twice"), ("gray", "mean grey")]
)
def test_other_level_maps_are_refused_with_the_known_names(given, why):
    with pytest.raises(BadInput, match="expected grey, rank, contrast") as refused:
        StudyConfig(levels=given)
    assert why in str(refused.value)


@pytest.mark.parametrize("parts", [0, 9])
def test_parts_are_limited(parts):
    with pytest.raises(BadInput, match=f"--parts {parts}: expected 1 to 8"):
        StudyConfig(parts=parts)


@pytest.mark.parametrize("settings", [{"levels": "grey"}, {"levels": "rank"}, {"levels": "ratio", "windows": "9"}])
def test_several_parts_of_a_single_level_map_are_refused(settings):
    with pytest.raises(BadInput, match="--parts 2: the search space has a single level map"):
        StudyConfig(parts=2, **settings)


def test_windows_do_not_change_the_draws_of_a_study_without_them():
    draws = []
    for windows in ((3, 31), (5, 9)):
        space = Space(4, ("thermometer",), linear_scale(np.ones(256)), levels=LevelChoices(("grey",), windows))
        study = optuna.create_study(sampler=LocalSampler(space, 0))
        for number in range(30):
            asked = ask(study, space, 0)
            study.tell(asked.trial, float(number % 7))
        draws.append([trial.user_attrs["cut_points"] for trial in study.trials])
    assert draws[0] == draws[1]
