"""Published local thresholds, and references in a space of several level maps."""

import numpy as np
import pytest

from search.binarization.binarization import Arithmetic
from search.binarization.levels import GREY, Dither, Rank
from search.binarization.windows import Contrast, Ratio, Sauvola, Standardized
from search.references.catalogue import Reference, ToLearn, references
from search.references.local_thresholds import local_thresholds, reference_map
from search.references.pixels import TrainingPixels
from search.references.rules import RULES
from search.sampling.level_choices import NAMES, LevelChoices
from search.sampling.space import Space, linear_scale
from tests import scikit_image
from tests.scikit_image import PHOTOS, ROUNDING, window_sums

WIDTH = 28
ALL = ("adaptive-mean", "bradley-roth", "niblack", "sauvola")
EDGES = linear_scale(np.ones(256))


def space(names=NAMES, windows=(3, 31), encodings=("range", "thermometer"), max_cuts=8, **more):
    return Space(max_cuts, encodings, EDGES, levels=LevelChoices(names, windows), **more)


def thresholds(names=NAMES, windows=(3, 31), width=WIDTH, **more):
    return dict(local_thresholds(space(names, windows, **more), width))


def above(name, image):
    """Where an image is above a named threshold, by the channel of its binarization."""
    return thresholds(width=image.shape[1])[name].encode(image[None])[0, 0].astype(bool)


def between(x, one, other):
    """Whether x lies between two thresholds or at one of them."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    return (low - ROUNDING <= x) & (x <= high + ROUNDING)


@pytest.mark.parametrize("photo", PHOTOS)
def test_adaptive_mean_is_the_default_of_scikit_image(photo):
    """They differ only where a pixel equals its threshold; scikit-image takes the pixels above it."""
    image = PHOTOS[photo]()
    sums, _ = window_sums(image, 3)
    different = above("adaptive-mean", image) != (image > scikit_image.adaptive_mean(image, 3))
    assert (9 * image.astype(int) == sums)[different].all()


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("width", [24, 200, 640])
def test_bradley_roth_is_85_percent_of_the_mean_of_an_eighth_of_the_width(photo, width):
    """0.85 · 128 = 108.8 is rounded to the cut point 109, so pixels between 0.85 and 109 / 128 of the mean differ."""
    image = PHOTOS[photo]()
    found = thresholds(windows=(3, 255), width=width)["bradley-roth"]
    (level_map,) = found.level_maps
    assert level_map.window == {24: 3, 200: 25, 640: 81}[width]
    sums, _ = window_sums(image, level_map.window)
    mean = sums / level_map.window**2
    different = found.encode(image[None])[0, 0] != (image >= 0.85 * mean)
    assert between(image, 0.85 * mean, 109 / 128 * mean)[different].all()
    assert different.mean() < 0.01


@pytest.mark.parametrize("photo", PHOTOS)
def test_niblack_is_the_default_of_scikit_image_with_k_rounded_to_a_cut_point(photo):
    """k = 0.2 becomes 0.1875. Pixels of uniform windows equal their threshold."""
    image = PHOTOS[photo]()
    sums, variance = window_sums(image, 15)
    exact = sums / 225 - 0.1875 * np.sqrt(variance) / 225
    published = scikit_image.niblack(image, 15, 0.2)
    different = above("niblack", image) != (image > published)
    assert between(image, exact, published)[different].all()
    assert different[variance > 0].mean() < 0.01


@pytest.mark.parametrize("photo", PHOTOS)
def test_sauvola_is_the_default_of_scikit_image_with_k_and_r_rounded(photo):
    """k = 0.2 becomes 26 / 128, the range of deviations r = 127.5 becomes 128, and n times a deviation an integer."""
    image = PHOTOS[photo]()
    sums, variance = window_sums(image, 15)
    exact = sums / 225 * (1 + 26 / 128 * (np.floor(np.sqrt(variance)) / 225 / 128 - 1))
    published = scikit_image.sauvola(image, 15, 0.2)
    different = above("sauvola", image) != (image > published)
    assert between(image, exact, published)[different].all()
    assert different.mean() < 0.01


def test_the_settings_are_the_published_ones():
    assert {name: (*each.level_maps, *each.cut_points.values) for name, each in thresholds().items()} == {
        "adaptive-mean": (Contrast(3), 128),
        "bradley-roth": (Ratio(3), 109),
        "niblack": (Standardized(15), 122),
        "sauvola": (Sauvola(15), 102),
    }
    assert {each.channels for each in thresholds().values()} == {1}


@pytest.mark.parametrize(
    ("width", "window"), [(1, 3), (8, 3), (28, 3), (32, 5), (39, 5), (48, 7), (1024, 129), (2032, 255)]
)
def test_the_window_of_bradley_roth_is_odd_and_near_an_eighth_of_the_width(width, window):
    (level_map,) = thresholds(windows=(3, 255), width=width)["bradley-roth"].level_maps
    assert level_map == Ratio(window)


def test_bradley_roth_is_left_out_for_images_whose_eighth_no_window_covers():
    assert "bradley-roth" not in thresholds(windows=(3, 255), width=2064)


@pytest.mark.parametrize(
    ("names", "windows", "expected"),
    [
        (NAMES, (3, 31), ALL),
        (NAMES, (5, 31), ("niblack", "sauvola")),
        (NAMES, (3, 13), ("adaptive-mean", "bradley-roth")),
        (NAMES, (15, 15), ("niblack", "sauvola")),
        (NAMES, (17, 31), ()),
        (("grey", "rank", "dither", "mosaic"), (3, 31), ()),
        (("grey", "contrast"), (3, 31), ("adaptive-mean",)),
        (("ratio", "sauvola"), (3, 31), ("bradley-roth", "sauvola")),
    ],
)
def test_thresholds_outside_the_space_are_left_out(names, windows, expected):
    assert tuple(thresholds(names, windows)) == expected


@pytest.mark.parametrize(
    ("encodings", "expected"),
    [(("range", "thermometer"), "thermometer"), (("range",), "range"), (("gray", "bit-planes"), "gray")],
)
def test_the_encoding_is_thermometer_where_the_space_has_it(encodings, expected):
    assert {each.encoding for each in thresholds(encodings=encodings).values()} == {expected}


@pytest.mark.parametrize("windows", [(3, 31), (17, 31), (3, 9)])
def test_each_threshold_is_in_the_space(windows):
    arithmetics = {"weights": ("xnor", "real"), "activations": ("binary",)}
    made = space(windows=windows, **arithmetics)
    for _, binarization in local_thresholds(made, WIDTH):
        assert binarization.arithmetic == Arithmetic("xnor", "binary")
        assert made.binarization(made.params(binarization)) == binarization


@pytest.mark.parametrize(
    ("windows", "side"), [((3, 31), 15), ((17, 31), 17), ((3, 9), 9), ((15, 15), 15), ((3, 255), 15)]
)
def test_rules_use_the_published_window_or_the_nearest_of_the_space(windows, side):
    found = {name: reference_map(name, windows) for name in NAMES}
    assert found == {
        "grey": GREY,
        "rank": Rank(),
        "contrast": Contrast(side),
        "ratio": Ratio(side),
        "standardized": Standardized(side),
        "sauvola": Sauvola(side),
        "dither": Dither.bayer(4, 64),
        "mosaic": None,
    }


@pytest.fixture
def training():
    """Pieces of a photo as training images of two classes."""
    image = scikit_image.camera()
    pieces = np.stack([image[i : i + 28, i : i + 28] for i in range(0, 120, 6)])
    return TrainingPixels(pieces, np.arange(len(pieces)) % 2)


def find(which, pixels, made, **more):
    return references(which, pixels.of, made, sign_mnist=True, image_width=WIDTH, **more)


@pytest.mark.parametrize("names", [NAMES, ("grey", "contrast"), ("rank",), ("standardized", "dither"), ("mosaic",)])
@pytest.mark.parametrize("which", ["auto", "all"])
def test_every_level_map_has_references_and_none_is_given_twice(which, names, training):
    found = find(which, training, space(names))
    made = [each.binarization for each in found if isinstance(each, Reference)]
    to_learn = [each for each in found if isinstance(each, ToLearn)]
    assert len(made) == len(set(made))
    assert len(to_learn) == len(set(to_learn)) == (0 if which == "auto" or names == ("mosaic",) else 8)
    mapped = {level_map.name for each in made for level_map in each.level_maps}
    assert mapped == set(names) - {"mosaic"}
    for each in made:
        assert space(names).binarization(space(names).params(each)) == each


def test_rules_get_the_pixels_of_their_level_map(training):
    """The cut points of each reference are those of its rule on the histogram of the mapped training images."""
    checked = set()
    for each in find("auto", training, space()):
        if each.name in RULES:
            (level_map,) = each.binarization.level_maps
            mapped = TrainingPixels(level_map(training.images), training.labels)
            assert each.binarization.cut_points == RULES[each.name](mapped.of()[0], len(each.binarization.cut_points))
            checked.add(level_map.name)
    assert checked == set(NAMES) - {"mosaic"}


def test_rank_has_even_cut_points_only(training):
    found = find("auto", training, space())
    assert {each.name for each in found if each.binarization.level_maps == (Rank(),)} == {"uniform"}


def test_the_papers_settings_and_bit_planes_are_of_grey_levels(training):
    found = find("auto", training, space(encodings=("range", "bit-planes")))
    named = [each.binarization for each in found if each.name in ("paper", "bit-planes")]
    assert {each.level_maps for each in named} == {(GREY,)}
    without_grey = find("auto", training, space(("rank", "ratio"), encodings=("range", "bit-planes")))
    assert not {"paper", "bit-planes"} & {each.name for each in without_grey}


def test_color_images_have_rules_for_each_color_and_no_local_thresholds():
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    pixels = TrainingPixels(images, np.arange(20) % 2)
    made = Space(4, ("thermometer",), np.stack([EDGES] * 3), levels=LevelChoices(("grey", "contrast")))
    found = find("all", pixels, made)
    assert {each.name for each in found} <= set(RULES)
    assert {each.binarization.level_maps for each in found} == {(GREY,) * 3, (Contrast(15),) * 3}
