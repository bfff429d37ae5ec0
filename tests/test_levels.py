"""The contract of all level maps: NumPy and torch agree, and each cut point is the threshold that is documented."""

import math
from dataclasses import fields
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.levels import LEVEL_MAPS as ON_DEVICE
from models.levels import level_image
from search.binarization.level_map import AT_ONCE, LevelMap
from search.binarization.levels import GREY, LEVEL_MAPS, Dither, Grey, Rank, level_map
from search.binarization.windows import LARGEST_IMAGE, Contrast, Ratio, Sauvola, Standardized
from tests import scikit_image
from tests.scikit_image import PHOTOS, ROUNDING, window_sums
from tests.strategies import WINDOW_MAPS, level_maps, window_maps, windows

ANY_CUT = st.integers(1, 255)

shapes = st.tuples(st.integers(1, 3), st.integers(1, 13), st.integers(1, 13))
pixels = st.sampled_from([(0, 255), (0, 1), (254, 255), (100, 130)]).map(lambda ends: st.integers(*ends))
images = st.one_of(
    shapes.flatmap(lambda shape: arrays.arrays(np.uint8, shape)),
    st.tuples(shapes, pixels).flatmap(lambda each: arrays.arrays(np.uint8, each[0], elements=each[1])),
    shapes.flatmap(lambda shape: arrays.arrays(np.uint8, shape, elements=st.sampled_from([0, 255]))),
    st.builds(lambda shape, level: np.full(shape, level, np.uint8), shapes, st.integers(0, 255)),
)
small = arrays.arrays(np.uint8, st.tuples(st.just(1), st.integers(1, 5), st.integers(1, 5)))  # for the slow reference


def around(image: np.ndarray, window: int, row: int, column: int) -> list[int]:
    """The pixels of a window as Python integers; window 0 is the whole image."""
    height, width = image.shape
    if window == 0:
        return [int(x) for x in image.ravel()]
    near = range(-(window // 2), window // 2 + 1)
    return [
        int(image[min(max(row + i, 0), height - 1), min(max(column + j, 0), width - 1)]) for i in near for j in near
    ]


def statistics(inside: list[int]) -> tuple[Fraction, Fraction]:
    """Mean and variance."""
    mean = Fraction(sum(inside), len(inside))
    return mean, Fraction(sum(x * x for x in inside), len(inside)) - mean * mean


def floor_of_root(number: Fraction) -> int:
    """⌊√number⌋, exact."""
    return math.isqrt(number.numerator // number.denominator)


def expected(of: LevelMap, image: np.ndarray, row: int, column: int) -> int:
    """The level of one pixel by the definition of the level map, in exact arithmetic."""
    x = int(image[row, column])
    if isinstance(of, Grey):
        level = x
    elif isinstance(of, Rank):
        level = 256 * sum(int(other) < x for other in image.ravel()) // image.size
    elif isinstance(of, Dither):
        n = len(of.offsets)
        level = x + of.offsets[row % n][column % n]
    else:
        inside = around(image, of.window, row, column)
        mean, variance = statistics(inside)
        n = len(inside)
        if isinstance(of, Contrast):
            level = 128 + math.floor(x - mean)
        elif isinstance(of, Ratio):
            level = math.floor(128 * x / mean) if mean else 128
        elif isinstance(of, Standardized):
            squared = 1024 * (x - mean) ** 2 / variance if variance else Fraction(0)
            root = floor_of_root(squared)
            level = 128 + (root if x >= mean else -root - (root * root != squared))
        else:
            assert isinstance(of, Sauvola)
            deviation = Fraction(floor_of_root(variance * n * n), n)
            level = 128 + math.floor(128 * (x - mean) / (mean * (1 - deviation / 128))) if mean else 128
    return min(max(level, 0), 255)


def levels_on_device(of: LevelMap, images_u8: np.ndarray) -> np.ndarray:
    return level_image(torch.from_numpy(images_u8), of.record).numpy()


def test_both_tables_have_the_same_level_maps():
    assert list(LEVEL_MAPS) == list(ON_DEVICE)
    assert {type(each) for each in (GREY, Rank(), Dither.bayer(2, 9))} | set(WINDOW_MAPS) == set(LEVEL_MAPS.values())


@given(level_maps, images)
def test_torch_computes_the_levels_of_numpy(of, images_u8):
    before = images_u8.copy()
    levels = of(images_u8)
    on_device = levels_on_device(of, images_u8)
    assert levels.dtype == on_device.dtype == np.uint8
    assert levels.shape == images_u8.shape
    assert np.array_equal(levels, on_device)
    assert np.array_equal(images_u8, before)


@pytest.mark.parametrize("window", [0, 3, 31, 53, 55, 215, 217, 255])
@pytest.mark.parametrize("kind", WINDOW_MAPS)
@pytest.mark.parametrize("pixels", [(0, 1), (0, 255), (255, 254), (7,)])
def test_torch_computes_the_levels_of_numpy_in_images_of_few_levels(kind, window, pixels):
    """Few levels give quotients near integers, and variances at both ends."""
    window = window or (0 if kind.whole else 9)
    rng = np.random.default_rng(window)
    share = np.array([0.5, 0.02, 0.98])[:, None, None]
    images_u8 = np.array(pixels, np.uint8)[(rng.random((3, 40, 61)) < share) * (len(pixels) - 1)]
    assert np.array_equal(kind(window)(images_u8), levels_on_device(kind(window), images_u8))


@given(level_maps.filter(lambda of: getattr(of, "window", 0) <= 9), small)
def test_levels_equal_a_slow_reference_in_exact_arithmetic(of, images_u8):
    (levels,) = of(images_u8)
    for row, column in np.ndindex(levels.shape):
        assert levels[row, column] == expected(of, images_u8[0], row, column)


@pytest.mark.parametrize("kind", WINDOW_MAPS)
@pytest.mark.parametrize("window", [55, 217, 255])
def test_levels_of_large_windows_equal_the_slow_reference(kind, window):
    image = np.random.default_rng(window).choice(np.array([0, 3, 255], np.uint8), (19, 23), p=(0.2, 0.1, 0.7))
    (levels,) = kind(window)(image[None])
    for row, column in ((0, 0), (9, 11), (18, 22), (4, 20)):
        assert levels[row, column] == expected(kind(window), image, row, column)


def is_above(of: LevelMap, cut: int, image: np.ndarray, row: int, column: int) -> bool:
    """Whether the pixel reaches the named threshold, in exact arithmetic."""
    x, inside = int(image[row, column]), around(image, of.window, row, column)
    mean, variance = statistics(inside)
    if isinstance(of, Contrast):
        return x >= mean + cut - 128
    if isinstance(of, Ratio):
        return x >= Fraction(cut, 128) * mean
    if isinstance(of, Standardized):  # x - mean >= k · sd, with the squares compared by sign
        difference, k = x - mean, Fraction(cut - 128, 32)
        return difference * abs(difference) >= k * abs(k) * variance
    deviation = Fraction(floor_of_root(variance * len(inside) ** 2), len(inside))
    return x >= mean * (1 + (1 - Fraction(cut, 128)) * (deviation / 128 - 1))


@given(
    st.sampled_from([Contrast(3), Contrast(0), Ratio(3), Ratio(0), Standardized(3), Standardized(0), Sauvola(3)]),
    ANY_CUT,
    small,
)
def test_a_cut_point_is_the_named_threshold(of, cut, images_u8):
    (levels,) = of(images_u8)
    for row, column in np.ndindex(levels.shape):
        mean, variance = statistics(around(images_u8[0], of.window, row, column))
        undefined = variance == 0 if isinstance(of, Standardized) else mean == 0 and not isinstance(of, Contrast)
        if undefined:
            assert levels[row, column] == 128
        else:
            assert (levels[row, column] >= cut) == is_above(of, cut, images_u8[0], row, column)


@given(st.integers(0, 255), window_maps, st.integers(1, 5), st.integers(1, 5))
def test_a_uniform_image_has_the_middle_level(level, of, height, width):
    assert (of(np.full((1, height, width), level, np.uint8)) == 128).all()


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("window", [3, 15, 31])
@pytest.mark.parametrize("cut", [128, 123, 140])
def test_contrast_is_the_adaptive_mean_of_scikit_image(photo, window, cut):
    """They differ only where the pixel equals the threshold: scikit-image takes pixels above it, and rounds it."""
    image, offset = PHOTOS[photo](), 128 - cut
    sums, _ = window_sums(image, window)
    threshold = scikit_image.adaptive_mean(image, window, offset)
    assert np.abs(threshold - (sums / window**2 - offset)).max() < ROUNDING
    above = Contrast(window)(image[None])[0] >= cut
    equal = window**2 * image.astype(int) == sums - offset * window**2
    assert above[equal].all()
    assert np.array_equal(above[~equal], (image > threshold)[~equal])


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("window", [3, 15, 31])
@pytest.mark.parametrize("cut", [122, 112, 160])
def test_standardized_is_niblacks_threshold_of_scikit_image(photo, window, cut):
    """They differ only where the pixel equals the threshold, which includes all pixels of uniform windows."""
    image, k = PHOTOS[photo](), (128 - cut) / 32
    sums, variance = window_sums(image, window)
    threshold = scikit_image.niblack(image, window, k)
    assert np.abs(threshold - (sums - k * np.sqrt(variance)) / window**2).max() < ROUNDING
    above = Standardized(window)(image[None])[0] >= cut
    difference = window**2 * image.astype(int) - sums
    equal = (1024 * difference**2 == (cut - 128) ** 2 * variance) & (np.sign(difference) == np.sign(cut - 128))
    uniform = variance == 0
    assert above[equal & ~uniform].all()
    assert (above[uniform] == (cut <= 128)).all()
    assert np.array_equal(above[~equal & ~uniform], (image > threshold)[~equal & ~uniform])


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("window", [3, 15, 31])
@pytest.mark.parametrize("cut", [102, 64, 192])
def test_sauvola_is_sauvolas_threshold_of_scikit_image(photo, window, cut):
    """⌊√V⌋ / n is less than 1 / n below the standard deviation, so the threshold moves by less than |k|·mean / 128n."""
    image, k = PHOTOS[photo](), 1 - cut / 128
    sums, variance = window_sums(image, window)
    n, mean = window**2, sums / window**2
    threshold = scikit_image.sauvola(image, window, k, r=128)
    assert np.abs(threshold - mean * (1 + k * (np.sqrt(variance) / n / 128 - 1))).max() < ROUNDING
    above = Sauvola(window)(image[None])[0] >= cut
    decided = np.abs(image - threshold) > abs(k) * mean / (128 * n) + ROUNDING
    assert decided.mean() > 0.95
    assert np.array_equal(above[decided], (image > threshold)[decided])


@given(small, ANY_CUT)
def test_a_cut_point_on_rank_counts_darker_pixels(images_u8, cut):
    (levels,) = Rank()(images_u8)
    for level, x in zip(levels.ravel(), images_u8.ravel(), strict=True):
        assert (level >= cut) == (256 * int((images_u8 < x).sum()) >= cut * images_u8.size)


@given(st.integers(1, 4).flatmap(lambda n: arrays.arrays(np.uint8, (n, n), elements=ANY_CUT)), images)
def test_cut_point_128_on_a_mosaic_is_one_cut_point_for_each_pixel_of_a_tile(cuts, images_u8):
    n, (_, height, width) = len(cuts), images_u8.shape
    own = np.tile(cuts, (height // n + 1, width // n + 1))[:height, :width]
    assert np.array_equal(Dither.mosaic(cuts.tolist())(images_u8) >= 128, images_u8 >= own)


@given(images, st.randoms(use_true_random=False))
def test_rank_is_invariant_to_every_strictly_increasing_change(images_u8, random):
    present = np.unique(images_u8)
    others = np.array(sorted(random.sample(range(256), len(present))), np.uint8)
    changed = others[np.searchsorted(present, images_u8)]
    assert np.array_equal(Rank()(images_u8), Rank()(changed))


@given(images, windows | st.just(0), st.data())
def test_contrast_is_invariant_to_brightness(images_u8, window, data):
    added = data.draw(st.integers(-int(images_u8.min()), 255 - int(images_u8.max())))
    changed = (images_u8.astype(int) + added).astype(np.uint8)
    assert np.array_equal(Contrast(window)(images_u8), Contrast(window)(changed))


@given(images, windows | st.just(0), st.data())
def test_ratio_is_invariant_to_an_integer_gain(images_u8, window, data):
    gain = data.draw(st.integers(1, 255 // max(int(images_u8.max()), 1)))
    assert np.array_equal(Ratio(window)(images_u8), Ratio(window)(images_u8 * np.uint8(gain)))


@given(small, st.sampled_from((0, 3)), st.data())
def test_ratio_changes_by_a_known_bound_if_a_gain_is_rounded(images_u8, window, data):
    """With y = g·x + e, |e| <= 1/2: |y / mean(y) - x / mean(x)| <= (1 + x / mean(x)) / (2 · mean(y))."""
    gain = data.draw(st.fractions(Fraction(1, 4), Fraction(255, max(int(images_u8.max()), 1))))
    changed = np.array([math.floor(gain * int(x) + Fraction(1, 2)) for x in images_u8.ravel()], np.uint8)
    changed = changed.reshape(images_u8.shape)
    before, after = Ratio(window)(images_u8)[0].astype(int), Ratio(window)(changed)[0].astype(int)
    for row, column in np.ndindex(before.shape):
        mean, mean_after = (statistics(around(each[0], window, row, column))[0] for each in (images_u8, changed))
        if mean and mean_after:
            bound = 64 * (1 + int(images_u8[0, row, column]) / mean) / mean_after
            assert abs(after[row, column] - before[row, column]) <= math.ceil(bound)


@given(images, windows | st.just(0), st.data())
def test_standardized_is_invariant_to_integer_gain_and_brightness(images_u8, window, data):
    least, largest = int(images_u8.min()), int(images_u8.max())
    gain = data.draw(st.integers(1, 255 // max(largest - least, 1)))
    added = data.draw(st.integers(-gain * least, 255 - gain * largest))
    changed = (gain * images_u8.astype(int) + added).astype(np.uint8)
    assert np.array_equal(Standardized(window)(images_u8), Standardized(window)(changed))


@pytest.mark.parametrize(
    ("of", "gain", "added"),
    [
        (GREY, 1, 1),
        (Contrast(3), 2, 0),
        (Ratio(3), 1, 10),
        (Sauvola(3), 2, 0),
        (Sauvola(3), 1, 10),
        (Dither.bayer(2, 100), 1, 10),
    ],
)
def test_no_other_invariance_is_claimed(of, gain, added):
    images_u8 = np.arange(1, 26, dtype=np.uint8).reshape(1, 5, 5) ** 2 % 100
    assert not np.array_equal(of(images_u8), of(images_u8 * np.uint8(gain) + np.uint8(added)))


@given(level_maps)
def test_a_record_gives_an_equal_level_map(of):
    found = level_map(of.record)
    assert found == of
    assert hash(found) == hash(of)
    assert found.record == of.record
    assert list(of.record) == ["map", *[field.name for field in fields(of)]]


@given(st.lists(level_maps).flatmap(lambda maps: st.tuples(st.just(maps), st.permutations(maps))))
def test_level_maps_have_one_order(maps):
    one, other = maps
    assert sorted(one) == sorted(other)


@pytest.mark.parametrize("kind", WINDOW_MAPS)
@pytest.mark.parametrize("window", [True, False, 1, 2, 4, -3, 257, 256, 3.0, "3", None, np.float64(9)])
def test_other_windows_are_refused(kind, window):
    with pytest.raises(ValueError, match=f"window .* of {kind.name} is not an odd integer in 3..255"):
        kind(window)


def test_an_integer_of_numpy_is_a_window_and_becomes_an_int():
    assert type(Contrast(np.int64(9)).window) is int


def test_only_maps_of_means_and_deviations_take_the_whole_image():
    assert [kind(0).window for kind in (Contrast, Ratio, Standardized)] == [0, 0, 0]
    with pytest.raises(ValueError, match=r"window 0 of sauvola is not an odd integer in 3\.\.255$"):
        Sauvola(0)


@pytest.mark.parametrize(
    ("offsets", "why"),
    [
        (((0, 1), (2,)), "is not n×n"),
        (((0, 1),), "is not n×n"),
        ((), "is not n×n"),
        (((),), "is not n×n"),
        (((0,) * 17,) * 17, "is not n×n"),
        (((256,),), "offset 256 is not an integer in -255..255"),
        (((-256,),), "offset -256 is not an integer in -255..255"),
        (((True,),), "offset True is not an integer"),
        (((1.0,),), "offset 1.0 is not an integer"),
        ((1, 2), "is not a list of rows"),
        (5, "is not a list of rows"),
    ],
)
def test_other_patterns_are_refused(offsets, why):
    with pytest.raises(ValueError, match=why):
        Dither(offsets)


@pytest.mark.parametrize("tile", [1, 3, 16, True, 2.0])
def test_other_tiles_are_refused(tile):
    with pytest.raises(ValueError, match=r"dither tile .* is not one of 2, 4, 8"):
        Dither.bayer(tile, 9)


@pytest.mark.parametrize("spread", [-1, 256, True, 1.5])
def test_other_spreads_are_refused(spread):
    with pytest.raises(ValueError, match=r"dither spread .* is not an integer in 0..255"):
        Dither.bayer(2, spread)


@pytest.mark.parametrize("cut", [0, 256, True])
def test_other_cut_points_of_a_mosaic_are_refused(cut):
    with pytest.raises(ValueError, match=r"dither cut point .* is not an integer in 1..255"):
        Dither.mosaic([[cut]])


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({}, "is not a record"),
        (None, "is not a record"),
        ({"map": "local"}, "level map 'local' is not one of grey, rank"),
        ({"map": ["grey"]}, "is not one of"),
        ({"map": "contrast"}, "contrast takes window; its record .* has no parameters"),
        ({"map": "grey", "window": 3}, "grey takes no parameters; its record .* has window"),
        ({"map": "dither", "tile": 2, "spread": 9}, "dither takes offsets; its record .* has tile, spread"),
    ],
)
def test_other_records_are_refused(record, why):
    with pytest.raises(ValueError, match=why):
        level_map(record)


@pytest.mark.parametrize(
    "images_u8", [np.zeros((1, 2, 2)), np.zeros((2, 2), np.uint8), np.zeros((1, 0, 2), np.uint8), np.zeros(0, np.uint8)]
)
def test_other_images_are_refused(images_u8):
    with pytest.raises(ValueError, match="expected uint8"):
        Rank()(images_u8)


@given(level_maps)
def test_no_images_have_no_levels(of):
    none = np.zeros((0, 4, 5), np.uint8)
    assert of(none).shape == levels_on_device(of, none).shape == none.shape


@pytest.mark.parametrize("of", [Rank(), Contrast(3), Standardized(0), Dither.bayer(2, 64)])
def test_the_levels_of_an_image_do_not_depend_on_the_other_images(of):
    """More pixels than are converted at once, in batches of unequal size."""
    images_u8 = np.random.default_rng(0).integers(0, 256, (AT_ONCE // 1024 + 3, 32, 33), dtype=np.uint8)
    images_u8[::2] //= 3
    together = of(images_u8)
    for i in (0, len(images_u8) // 2, len(images_u8) - 1):
        assert np.array_equal(together[i], of(images_u8[i : i + 1])[0])


EXTREMES = {
    "one bright pixel": lambda x: x.ravel().__setitem__(0, 255),
    "one dark pixel": lambda x: (x.fill(255), x.ravel().__setitem__(0, 0)),
    "half of each": lambda x: x.ravel().__setitem__(slice(x.size // 2), 255),
}


@pytest.mark.parametrize("extreme", EXTREMES)
@pytest.mark.parametrize("kind", WINDOW_MAPS)
def test_nothing_overflows_in_the_largest_window(kind, extreme):
    image = np.zeros((300, 301), np.uint8)
    EXTREMES[extreme](image)
    of = kind(255)
    (levels,) = of(image[None])
    for row, column in ((0, 0), (150, 150), (149, 127), (299, 300)):
        assert levels[row, column] == expected(of, image, row, column)
    assert np.array_equal(levels, levels_on_device(of, image[None])[0])


@pytest.mark.parametrize("extreme", EXTREMES)
@pytest.mark.parametrize("kind", [Contrast, Ratio, Standardized, Rank])
def test_nothing_overflows_in_the_largest_image(kind, extreme):
    image = np.zeros((1024, 1024), np.uint8)
    EXTREMES[extreme](image)
    assert image.size == LARGEST_IMAGE
    of = Rank() if kind is Rank else kind(0)
    (levels,) = of(image[None])
    for row, column in ((0, 0), (1023, 1023)):
        assert levels[row, column] == expected(of, image, row, column)
    assert np.array_equal(levels, levels_on_device(of, image[None])[0])


def test_larger_images_are_refused_only_where_the_window_is_the_whole_image():
    larger = np.zeros((1, 1, LARGEST_IMAGE + 1), np.uint8)
    assert Contrast(3)(larger).shape == larger.shape
    with pytest.raises(ValueError, match=r"contrast \(whole image\) takes at most 1048576 pixels"):
        Contrast(0)(larger)
