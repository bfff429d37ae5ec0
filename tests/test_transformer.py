"""BinarizedInput: scikit-learn's own checks, images of each shape, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from search.api import BinarizedInput
from search.binarization.binarization import Binarization
from search.binarization.cut_points import ColorCutPoints, CutPoints
from search.binarization.encodings import ENCODINGS
from search.config import StudyConfig
from search.deploy.thresholds import document, write
from search.errors import BadInput
from search.study import run_study
from storage.database import open_database
from storage.results import load_results
from tests.conftest import toy_pictures
from tests.formula import make_formula

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (5, 6, 4), dtype=np.uint8)
RGB = RNG.integers(0, 256, (5, 6, 4, 3), dtype=np.uint8)
COLOR_CUTS = ((90,), (80, 120), (30,))


# The checks use small integers, because the tags say that input is positive and categorical. No check should fail.
@parametrize_with_checks(
    [
        BinarizedInput(cut_points=(1, 2), flatten=True),
        BinarizedInput(cut_points=(1, 2)),
        BinarizedInput(cut_points=(1, 2), levels={"map": "rank"}, flatten=True),
    ]
)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(images=arrays(np.uint8, (3, 4, 5)), cuts=st.sets(st.integers(1, 255), min_size=1, max_size=6))
def test_channels_are_those_of_the_binarization(images, cuts, encoding):
    expected = Binarization(CutPoints(tuple(sorted(cuts))), encoding).encode(images)
    for cut_points in (sorted(cuts), tuple(sorted(cuts)), np.array(sorted(cuts))):
        assert np.array_equal(BinarizedInput(cut_points=cut_points, encoding=encoding).fit_transform(images), expected)
    flat = BinarizedInput(cut_points=sorted(cuts), encoding=encoding, flatten=True)
    assert np.array_equal(flat.fit_transform(images), expected.reshape(3, -1))
    from_rows = clone(flat).set_params(image_shape=(4, 5)).fit_transform(images.reshape(3, -1))
    assert np.array_equal(from_rows, expected.reshape(3, -1))


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.uint16, np.float32, np.float64, list])
def test_whole_numbers_of_any_type_are_pixels(kind):
    given = IMAGES.tolist() if kind is list else IMAGES.astype(kind)
    found = BinarizedInput(cut_points=(90, 150)).fit_transform(given)
    assert found.dtype == np.uint8
    assert np.array_equal(found, Binarization(CutPoints((90, 150)), "thermometer").encode(IMAGES))


@pytest.mark.parametrize("form", [lambda v: v, list, lambda v: [list(each) for each in v]])
def test_images_in_color_have_cut_points_for_each_color(form):
    expected = Binarization(ColorCutPoints(tuple(map(CutPoints, COLOR_CUTS))), "thermometer").encode(RGB)
    assert np.array_equal(BinarizedInput(cut_points=form(COLOR_CUTS)).fit_transform(RGB), expected)
    from_rows = BinarizedInput(cut_points=form(COLOR_CUTS), image_shape=(6, 4, 3)).fit_transform(RGB.reshape(5, -1))
    assert np.array_equal(from_rows, expected)


def test_rows_without_a_shape_are_images_of_one_row_of_pixels():
    found = BinarizedInput(cut_points=(90,)).fit_transform(IMAGES.reshape(5, -1))
    assert np.array_equal(found, (IMAGES.reshape(5, 1, 1, 24) >= 90).astype(np.uint8))


def test_after_fit_it_describes_its_input_and_its_output():
    made = BinarizedInput(cut_points=(90, 150), flatten=True).fit(IMAGES)
    assert (made.image_shape_, made.n_features_in_) == ((6, 4), 24)
    assert made.binarization_.titles == ["≥ 90", "≥ 150"]
    names = made.get_feature_names_out()
    assert (len(names), names[0], names[-1]) == (48, "channel0_row0_column0", "channel1_row5_column3")
    frame = made.set_output(transform="pandas").transform(IMAGES)
    assert frame["channel1_row2_column3"].tolist() == (IMAGES[:, 2, 3] >= 150).astype(int).tolist()
    assert not hasattr(BinarizedInput(cut_points=(90,)).fit(IMAGES), "get_feature_names_out")


def test_a_data_frame_gives_its_column_names_and_a_later_fit_with_images_takes_them_back():
    made = BinarizedInput(cut_points=(90,)).fit(pd.DataFrame(IMAGES.reshape(5, -1)).add_prefix("pixel"))
    assert made.feature_names_in_[:2].tolist() == ["pixel0", "pixel1"]
    assert not hasattr(made.fit(IMAGES), "feature_names_in_")


def test_a_thresholds_file_gives_cut_points_and_encoding(tmp_path):
    part = toy_pictures().train
    np.savez(tmp_path / "toy.npz", images=part.images, labels=part.labels)
    assert run_study(StudyConfig(data="toy.npz", trials=6), "sqlite:///studies.db", make_formula) == 0
    results = load_results(open_database("sqlite:///studies.db"), None)
    write(tmp_path / "t.json", document(results))
    best = Binarization.from_key(results.candidates["key"].iloc[0])
    for path in (tmp_path / "t.json", "t.json"):
        made = BinarizedInput(path, encoding="not used").fit(part.images)
        assert made.binarization_ == best
        assert np.array_equal(made.transform(part.images), best.encode(part.images))


def test_cut_points_may_be_of_a_level_map_or_of_several():
    contrast, rank = {"map": "contrast", "window": 3}, {"map": "rank"}
    one = BinarizedInput(cut_points=(128,), levels=contrast).fit_transform(IMAGES)
    other = BinarizedInput(cut_points=(90, 200), levels=rank).fit_transform(IMAGES)
    both = BinarizedInput(cut_points=((128,), (90, 200)), levels=[contrast, rank]).fit_transform(IMAGES)
    assert np.array_equal(both, np.concatenate([one, other], axis=1))
    in_color = BinarizedInput(cut_points=COLOR_CUTS, levels=contrast).fit(RGB)
    assert {str(each) for each in in_color.binarization_.level_maps} == {"contrast 3"}


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ("contrast", "expected a record|not a record"),
        ({"map": "contrast", "window": 2}, "window 2"),
        ([{"map": "rank"}], "0 level maps|cut points|sets"),
        (7, "BinarizedInput"),
    ],
)
def test_other_level_maps_are_refused_in_one_line(levels, said):
    with pytest.raises(BadInput, match=said):
        BinarizedInput(cut_points=((90,), (80,)), levels=levels).fit(IMAGES)


def test_a_pipeline_classifies_digits_and_cut_points_are_searched_like_any_parameter():
    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)
    steps = [
        ("binarize", BinarizedInput(cut_points=(128,), flatten=True)),
        ("classify", LogisticRegression(max_iter=1000)),
    ]
    pipeline = Pipeline(steps)
    assert cross_val_score(pipeline, images, digits.target, cv=3).mean() > 0.85
    options = {"binarize__cut_points": [(1,), (64, 128, 192), (255,)]}
    found = GridSearchCV(pipeline, options, cv=3).fit(images, digits.target)
    assert found.best_params_ == {"binarize__cut_points": (64, 128, 192)}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "give either thresholds, the path of a thresholds file, or cut_points"),
        ({"thresholds": "t.json", "cut_points": (90,)}, "give either thresholds"),
        ({"thresholds": "missing.json"}, r"missing\.json: cannot be read"),
        ({"cut_points": ()}, "BinarizedInput: .*at least one"),
        ({"cut_points": 90}, "BinarizedInput: "),
        ({"cut_points": (150, 90)}, "not strictly increasing"),
        ({"cut_points": (0.5,)}, "0.5 is not an integer"),
        ({"cut_points": (90,), "encoding": "grey"}, "encoding 'grey'"),
        ({"cut_points": COLOR_CUTS}, r"X has shape \(5, 6, 4\); these cut points are for images in color"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused_by_fit(settings, said):
    with pytest.raises(BadInput, match=said):
        BinarizedInput(**settings).fit(IMAGES)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (IMAGES / 255, r"X: .* is not an integer in 0\.\.255"),
        (IMAGES.astype(int) * 2, r"X: .* is not an integer in 0\.\.255"),
        (IMAGES.reshape(5, -1) - 1.0, "Negative values"),
        (np.zeros((5, 6, 4, 2)), r"X: shape \(5, 6, 4, 2\)"),
        (RGB, "these cut points are for images in grey levels"),
        (np.zeros((0, 6, 4)), r"0 sample"),
        (np.full((5, 6, 4), np.nan), "NaN"),
        (IMAGES[0, 0], "Reshape your data"),
    ],
)
def test_images_that_cannot_be_used_are_refused(images, said):
    with pytest.raises(ValueError, match=said):
        BinarizedInput(cut_points=(90,)).fit(images)


def test_images_of_another_size_than_in_fit_are_refused():
    made = BinarizedInput(cut_points=(90,)).fit(IMAGES)
    with pytest.raises(BadInput, match=r"X has images of shape \(4, 6\); fit was given \(6, 4\)"):
        made.transform(IMAGES.transpose(0, 2, 1))
    with pytest.raises(BadInput, match=r"image_shape \(5, 5\) has 25 pixels; X has 24 columns"):
        BinarizedInput(cut_points=(90,), image_shape=(5, 5)).fit(IMAGES.reshape(5, -1))


def test_sparse_input_is_refused():
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        BinarizedInput(cut_points=(90,)).fit(csr_array(IMAGES.reshape(5, -1)))


@pytest.mark.parametrize("shape", [(-8, -8), "8x8", (8.0, 8), (0, 8)])
def test_an_image_shape_that_is_not_of_positive_integers_is_refused(shape):
    with pytest.raises(BadInput, match=r"image_shape .* expected positive integers"):
        BinarizedInput(cut_points=(64,), image_shape=shape).fit(np.zeros((2, 64), np.uint8))


def test_thresholds_that_are_not_a_path_are_refused():
    with pytest.raises(BadInput, match="thresholds 5: expected the path"):
        BinarizedInput(5).fit(np.zeros((2, 8, 8), np.uint8))
