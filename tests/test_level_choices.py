"""Parameters ⇄ level maps and parts, and what samplers draw in a space of level maps.

tests/golden/grey-space.json was computed at commit 98edd8e, before there were level maps.
"""

import json
from pathlib import Path

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import distribution_to_json
from optuna.trial import TrialState

from search.binarization.binarization import Arithmetic, Binarization
from search.binarization.cut_points import CutPoints, cut_points_of
from search.binarization.levels import GREY, Dither, Rank
from search.binarization.windows import Contrast, Ratio, Sauvola, Standardized
from search.config import StudyConfig
from search.sampling.level_choices import FREE, NAMES, OFFSETS, SPREADS, TILES, WINDOWED, LevelChoices
from search.sampling.local import LocalSampler, Steps, everything
from search.sampling.samplers import SAMPLERS
from search.sampling.space import Space, linear_scale, number, pixel_scale
from search.study import run_study
from storage.database import open_database
from storage.results import load_results
from tests.conftest import toy_pictures
from tests.formula import make_formula

GOLDEN = json.loads((Path(__file__).parent / "golden" / "grey-space.json").read_text(encoding="utf-8"))
EVEN = np.ones(256, np.int64)
PEAK = np.round(1e6 * np.exp(-0.5 * ((np.arange(256) - 160) / 20) ** 2)).astype(np.int64)
GREY_SPACES = {
    "pixels": Space(8, ("range", "thermometer", "gray", "bit-planes"), pixel_scale(PEAK)),
    "linear": Space(3, ("range",), linear_scale(EVEN)),
    "colors": Space(
        2,
        ("range", "thermometer"),
        np.stack([pixel_scale(PEAK), linear_scale(EVEN), pixel_scale(PEAK[::-1])]),
        weights=("real", "xnor"),
        activations=("real", "binary"),
    ),
}

choices = st.builds(
    LevelChoices,
    st.sets(st.sampled_from(NAMES), min_size=1).map(lambda names: tuple(each for each in NAMES if each in names)),
    st.sampled_from([(3, 31), (5, 5), (3, 3), (9, 15), (31, 255), (3, 255)]),
)
NARROW = {name: pixel_scale(np.roll(PEAK, -32), 0.1) for name in WINDOWED}  # most levels near 128


def space_of(level_choices, max_cuts=3, parts=1, colors=1):
    edges = GREY_SPACES["colors" if colors == 3 else "pixels"].edges
    narrow = {name: np.stack([each] * 3) if colors == 3 else each for name, each in NARROW.items()}
    return Space(
        max_cuts,
        ("range", "thermometer"),
        edges,
        weights=("real", "xnor"),
        levels=level_choices,
        level_edges=narrow,
        most_parts=parts,
    )


spaces = st.one_of(
    st.builds(space_of, choices, st.integers(1, 8), st.integers(1, 3)),
    st.builds(space_of, choices, st.integers(1, 8), st.just(1), st.just(3)),
)


def map_in(level_choices, data):
    """Any level map of a space."""
    name = data.draw(st.sampled_from(level_choices.names))
    if name in WINDOWED:
        low, high = level_choices.windows
        kind = {each.name: each for each in (Contrast, Ratio, Standardized, Sauvola)}[name]
        return kind(2 * data.draw(st.integers(low // 2, high // 2)) + 1)
    if name == "dither":
        return Dither.bayer(data.draw(st.sampled_from(TILES)), data.draw(st.integers(*SPREADS)))
    if name == "mosaic":
        first, second, third = (data.draw(st.integers(*OFFSETS)) for _ in range(FREE))
        return Dither(((0, first), (second, third)))
    return {"grey": GREY, "rank": Rank()}[name]


def binarization_in(space, data):
    """Any binarization of a space."""
    n = space.colors if space.colors > 1 else data.draw(st.integers(1, space.most_parts))
    maps = [map_in(space.levels, data) for _ in range(n)]
    maps = maps if space.colors > 1 else list(dict.fromkeys(maps))
    cuts = st.sets(st.integers(1, 255), min_size=1, max_size=space.max_cuts)
    parts = [CutPoints(tuple(sorted(data.draw(cuts)))) for _ in maps]
    encoding, weights = data.draw(st.sampled_from(space.encodings)), data.draw(st.sampled_from(space.weights))
    return Binarization(cut_points_of(parts, space.colors > 1), encoding, Arithmetic(weights), tuple(maps))


def check_contains(space, params):
    """Whether these are parameters of a trial: all that the space has, each within its distribution."""
    distributions = space.distributions
    assert params.keys() == distributions.keys()
    for name, distribution in distributions.items():
        assert distribution._contains(distribution.to_internal_repr(params[name])), name


def check_is_in(space, binarization):
    params = space.params(binarization)
    check_contains(space, params)
    assert space.binarization(params) == binarization


@settings(max_examples=300)
@given(spaces, st.data())
def test_every_binarization_of_the_space_comes_back_from_its_parameters(space, data):
    check_is_in(space, binarization_in(space, data))


@given(spaces, st.integers(0, 2**31))
def test_any_parameters_give_a_binarization_of_the_space(space, seed):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    for _ in range(5):
        params = study.ask(fixed_distributions=space.distributions).params
        check_is_in(space, space.binarization(params))


@pytest.mark.parametrize("tile", TILES)
def test_every_bayer_pattern_of_the_space_comes_back(tile):
    space = space_of(LevelChoices(("dither",)))
    for spread in range(SPREADS[0], SPREADS[1] + 1):
        check_is_in(space, Binarization(CutPoints((90,)), "range", Arithmetic(), (Dither.bayer(tile, spread),)))


@pytest.mark.parametrize(
    ("level_map", "why"),
    [
        (Rank(), "rank is not in a space of grey, contrast"),
        (Ratio(9), "ratio 9 is not in a space of grey, contrast"),
        (Contrast(3), "the windows of the space are 5 to 9"),
        (Contrast(11), "the windows of the space are 5 to 9"),
        (Contrast(0), "the windows of the space are 5 to 9"),
        (Dither.bayer(4, 64), "dither 4×4 spread 63 is not in a space of grey, contrast"),
        (Dither(((0, 1), (2, 3))), "mosaic .* is not in a space of grey, contrast"),
    ],
)
def test_another_level_map_is_refused(level_map, why):
    space = space_of(LevelChoices(("grey", "contrast"), (5, 9)))
    with pytest.raises(ValueError, match=why):
        space.params(Binarization(CutPoints((90,)), "range", Arithmetic(), (level_map,)))


@pytest.mark.parametrize(
    "offsets", [((0, 129), (0, 0)), ((1, 0), (0, 0)), ((0,),), ((0,) * 4,) * 4, ((-6, 2), (5, -2))]
)
def test_another_pattern_is_refused(offsets):
    with pytest.raises(ValueError, match="neither a Bayer pattern nor a 2×2 mosaic"):
        LevelChoices(("dither", "mosaic")).name_and_params(Dither(offsets))


def test_several_parts_need_several_places():
    several = Binarization(
        cut_points_of([CutPoints((90,)), CutPoints((9,))]), "range", Arithmetic(), (GREY, Contrast(5))
    )
    level_choices = LevelChoices(("grey", "contrast"))
    check_is_in(space_of(level_choices, parts=2), several)
    with pytest.raises(ValueError, match="not in a space"):
        space_of(level_choices).params(several)
    with pytest.raises(ValueError, match="for grey images only"):
        space_of(level_choices, parts=2, colors=3)


def test_of_parts_with_equal_level_maps_the_first_is_kept():
    space = space_of(LevelChoices(("rank",)), parts=2)
    one = Binarization(CutPoints((90,)), "range", Arithmetic(), (Rank(),))
    params = space.params(one) | {number("_part2"): 3}
    assert space.binarization(params) == one


def test_a_space_of_grey_levels_has_the_parameters_of_earlier_versions():
    positions = [f"position_{i}" for i in (1, 2, 3)]
    assert list(GREY_SPACES["linear"].distributions) == ["number_of_cut_points", *positions]
    for name, space in GREY_SPACES.items():
        made = {each: distribution_to_json(of) for each, of in space.distributions.items()}
        assert made == GOLDEN[name]["distributions"]


@pytest.mark.parametrize("name", GREY_SPACES)
def test_a_space_of_grey_levels_has_the_binarizations_of_earlier_versions(name):
    space = GREY_SPACES[name]
    for each in GOLDEN[name]["params_of"]:
        binarization = Binarization.of(each["binarization"])
        params = space.params(binarization, each["seed"])
        assert params.keys() == each["params"].keys()
        for key, value in each["params"].items():
            assert params[key] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-12))
    for each in GOLDEN[name]["binarization_of"]:
        assert space.binarization(each["params"]).key == Binarization.of(each["binarization"]).key


@pytest.mark.parametrize("name", GREY_SPACES)
def test_the_local_sampler_draws_in_grey_levels_what_earlier_versions_drew(name):
    space = GREY_SPACES[name]
    study = optuna.create_study(direction="maximize", sampler=LocalSampler(space, seed=5))
    for each in GOLDEN[name]["local_sampler"]:
        trial = study.ask(fixed_distributions=space.distributions)
        binarization = space.binarization(trial.params)
        assert binarization == Binarization.of(each)
        cuts = np.concatenate([part.cut_points.values for part in binarization.parts])
        study.tell(trial, -float(np.abs(cuts - 120).mean()))


def test_each_part_and_each_color_has_parameters_of_its_own():
    level_choices = LevelChoices(NAMES)
    own = ["levels", "window", "tile", "spread", "offset_2", "offset_3", "offset_4"]
    assert list(level_choices.distributions("_part2")) == [f"{each}_part2" for each in own]
    for space, ends in (
        (space_of(level_choices, 1, parts=3), ("", "_part2", "_part3")),
        (space_of(level_choices, 1, colors=3), ("_r", "_g", "_b")),
    ):
        expected = {f"{each}{end}" for end in ends for each in ("number_of_cut_points", "position_1", *own)}
        assert set(space.distributions) == expected | {"encoding", "weights"}
    fewest = [space_of(level_choices, parts=3).distributions[number(end)].low for end in ("", "_part2", "_part3")]
    assert fewest == [1, 0, 0]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("grey",), []),
        (("rank",), []),
        (("grey", "rank"), ["levels"]),
        (("ratio",), ["window"]),
        (("dither",), ["tile", "spread"]),
        (("mosaic",), ["offset_2", "offset_3", "offset_4"]),
    ],
)
def test_a_space_has_only_parameters_that_a_level_map_uses(names, expected):
    assert list(LevelChoices(names).distributions("")) == expected


@given(choices, st.integers(0, 2**31))
def test_random_and_changed_level_maps_are_in_the_space(level_choices, seed):
    rng = np.random.default_rng(seed)
    level_map = level_choices.at_random(rng)
    for _ in range(20):
        name, own = level_choices.name_and_params(level_map)
        assert name in level_choices.names
        params = level_choices.params(level_map, "", rng)
        assert own.items() <= params.items()
        assert level_choices.level_map(params, "") == level_map
        level_map = level_choices.changed(level_map, rng, 0.3, 0.02, 0.5)


def test_every_change_of_a_level_map_can_happen():
    """A long walk visits every level map by name, every tile, and both ends of windows and spreads."""
    level_choices, rng = LevelChoices(NAMES, (3, 9)), np.random.default_rng(0)
    level_map, seen = GREY, set()
    for _ in range(3000):
        level_map = level_choices.changed(level_map, rng, 0.3, 0.02, 0.5)
        name, params = level_choices.name_and_params(level_map)
        seen |= {name, *((key, value) for key, value in params.items() if key in ("window", "tile"))}
    assert seen == {*NAMES, *(("window", side) for side in (3, 5, 7, 9)), *(("tile", tile) for tile in TILES)}


def test_windows_are_drawn_evenly_on_a_logarithmic_scale():
    rng, level_choices = np.random.default_rng(0), LevelChoices(("contrast",), (3, 255))
    sides = np.array([level_choices.at_random(rng).window for _ in range(4000)])
    assert (sides % 2 == 1).all()
    assert np.median(sides) == pytest.approx((3 * 255) ** 0.5, rel=0.1)
    assert {sides.min(), sides.max()} == {3, 255}


@given(spaces, st.data(), st.integers(0, 2**31))
@settings(max_examples=60)
def test_every_draw_of_the_local_sampler_is_in_the_space(space, data, seed):
    """At random before the first trial, and then as children of any binarization of the space."""
    steps = Steps(startup=1, fresh=0.02)
    study = optuna.create_study(direction="maximize", sampler=LocalSampler(space, seed, steps))
    study.enqueue_trial(space.params(binarization_in(space, data)))
    study.tell(study.ask(fixed_distributions=space.distributions), 1.0)
    for value in np.random.default_rng(seed).random(8):
        trial = study.ask(fixed_distributions=space.distributions)
        check_contains(space, trial.params)
        check_is_in(space, space.binarization(trial.params))
        study.tell(trial, value)


@pytest.mark.parametrize("parts", [1, 3])
def test_the_local_sampler_tries_no_binarization_twice(parts):
    space = space_of(LevelChoices(NAMES), 2, parts)
    study = optuna.create_study(direction="maximize", sampler=LocalSampler(space, 0))
    tried = []
    for i in range(150):
        trial = study.ask(fixed_distributions=space.distributions)
        tried.append(space.binarization(trial.params))
        study.tell(trial, -abs(i - 75))
    assert len(set(tried)) == len(tried)
    assert {len(each.parts) for each in tried} == set(range(1, parts + 1))
    assert {each.level_maps[0].name for each in tried} >= {"grey", "rank", *WINDOWED, "dither"}


def test_everything_is_every_binarization_of_all_level_maps_once():
    space = Space(1, ("range", "thermometer"), linear_scale(EVEN), levels=LevelChoices(("grey", "ratio"), (3, 7)))
    found = list(everything(space))
    assert len(found) == len(set(found)) == 2 * 255 * (1 + 3)
    for each in found[::50]:
        check_is_in(space, each)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("parts", [1, 3])
def test_a_study_of_all_level_maps_ends_with_every_sampler(name, parts, tmp_path, monkeypatch):
    monkeypatch.setattr("search.study.show_results", lambda *_: None)  # files and figures have tests of their own
    trials = 12 if name == "gp" else 60  # gp takes seconds to draw one, and starts after ten trials
    toy = toy_pictures().train
    np.savez(tmp_path / "toy.npz", images=toy.images, labels=toy.labels)
    config = StudyConfig(
        data="toy.npz",
        levels="all",
        parts=parts,
        max_cuts=2,
        encoding="all",
        trials=trials,
        sampler=name,
        pruner="none",
        study_name="toy",
    )
    assert run_study(config, "sqlite:///studies.db", make_formula) == 0
    study = load_results(open_database("sqlite:///studies.db"), "toy").study
    assert [trial.state for trial in study.get_trials()] == [TrialState.COMPLETE] * trials
    assert len({frozenset(trial.distributions) for trial in study.get_trials()}) == 1
