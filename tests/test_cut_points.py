"""Cut points of color images, separate for each color."""

import numpy as np
import optuna
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.augment import Augmentation, augment
from models.encode import Encoder
from search.binarization.binarization import Binarization
from search.binarization.cut_points import ColorCutPoints, CutPoints, cut_points_of, from_values
from search.binarization.encodings import ENCODINGS
from search.evaluation.objective import lane_of
from search.references.catalogue import references
from search.references.pixels import TrainingPixels
from search.references.rules import RULES
from search.sampling.local import LocalSampler, everything
from search.sampling.space import Space, linear_scale, pixel_scale
from search.trials.lifecycle import ask
from tests.test_rules import PIXELS

cuts = st.sets(st.integers(1, 255), min_size=1, max_size=5).map(lambda s: CutPoints(tuple(sorted(s))))
colors = st.tuples(cuts, cuts, cuts).map(ColorCutPoints)
SPACE = Space(5, ("range", "thermometer"), np.stack([linear_scale(np.ones(256))] * 3))


def pictures(seed):
    return np.random.default_rng(seed).integers(0, 256, (2, 3, 4, 3), dtype=np.uint8)


@given(colors, st.sampled_from(list(ENCODINGS)), st.integers(0, 2**32 - 1))
def test_each_color_is_encoded_by_its_cut_points_and_channels_are_concatenated(cut_points, encoding, seed):
    images, binarization = pictures(seed), Binarization(cut_points, encoding)
    each = [
        Binarization(part, encoding).encode(images[..., color])
        for color, part in enumerate(binarization.cut_points.parts)
    ]
    assert (binarization.encode(images) == np.concatenate(each, axis=1)).all()
    assert binarization.channels == sum(part.shape[1] for part in each) == len(binarization.titles)
    encode = Encoder(lane_of(binarization, 0).parts, torch.device("cpu"))
    on_device = encode(torch.from_numpy(images)).numpy()
    assert (on_device == binarization.encode(images)).all()


@given(colors)
def test_cut_points_round_trip_through_values_and_lists(cut_points):
    assert from_values(cut_points.values) == cut_points
    assert from_values([list(part) for part in cut_points.values]) == cut_points
    assert len(cut_points) == sum(map(len, cut_points.parts))


def test_color_cut_points_need_three_colors():
    with pytest.raises(ValueError, match="three"):
        ColorCutPoints((CutPoints((5,)), CutPoints((6,))))
    assert cut_points_of([CutPoints((5,))]) == CutPoints((5,))


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 4), (3, 4, 3)])
def test_pictures_of_another_shape_are_refused(shape):
    binarization = Binarization(ColorCutPoints((CutPoints((5,)),) * 3), "range")
    with pytest.raises(ValueError, match=r"expected uint8 \(N, H, W, 3\)"):
        binarization.encode(np.zeros(shape, np.uint8))


@given(colors, st.sampled_from(SPACE.encodings))
def test_cut_points_of_colors_round_trip_through_the_parameters(cut_points, encoding):
    wanted = Binarization(cut_points, encoding)
    params = SPACE.params(wanted)
    assert params.keys() == SPACE.distributions.keys()
    assert SPACE.binarization(params) == wanted


def test_a_rule_places_equally_many_cut_points_in_each_color_by_its_pixels():
    images = np.stack(
        [np.full((6, 8, 8), 50), np.tile(np.arange(64).reshape(8, 8), (6, 1, 1)), np.full((6, 8, 8), 7)], -1
    )
    images[3:, :4] += 100
    by_color = TrainingPixels(images.astype(np.uint8), np.repeat([0, 1], 3)).of()
    space = Space(3, ("thermometer",), np.stack([pixel_scale(each.histogram) for each in by_color]))
    found = references("all", lambda _: by_color, space, sign_mnist=True, image_width=8)
    assert {each.name for each in found} <= set(RULES)
    for each in found:
        parts = each.binarization.cut_points.parts
        assert len({len(part) for part in parts}) == 1
        assert list(parts) == [RULES[each.name](pixels, len(parts[0])) for pixels in by_color]


def test_the_local_sampler_changes_one_color_at_a_time_and_stays_in_the_space():
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=LocalSampler(SPACE, 0))
    for number in range(40):
        asked = ask(study, SPACE, 0)
        study.tell(asked.trial, float(number % 7))
        assert all(1 <= len(part) <= 5 for part in asked.binarization.cut_points.parts)
    assert len({tuple(t.user_attrs["cut_points"]) for t in study.trials}) > 30


def test_enumeration_begins_with_the_fewest_cut_points():
    first = next(everything(SPACE))
    assert first == Binarization(ColorCutPoints((CutPoints((1,)),) * 3), "range")


def test_references_of_grey_pictures_have_one_set_of_cut_points():
    grey = Space(4, ("range",), linear_scale(np.ones(256)))
    assert all(
        isinstance(each.binarization.cut_points, CutPoints)
        for each in references("auto", lambda _: [PIXELS], grey, True, 28)
    )


@given(st.integers(0, 2**32 - 1))
def test_augmentation_treats_a_grey_picture_in_color_like_the_grey_one(seed):
    grey = torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (3, 6, 5), dtype=np.uint8))
    by = Augmentation(shift=0.1, rotation=10, scale=0.1, gain=0.2, brightness=20, flip=0.5)
    torch.manual_seed(seed)
    changed = augment(grey, by)
    torch.manual_seed(seed)
    in_color = augment(torch.stack([grey] * 3, -1), by)
    assert all(torch.equal(in_color[..., color], changed) for color in range(3))
