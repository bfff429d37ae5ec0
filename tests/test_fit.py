"""Resizing of images."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from search.data.fit import BORDER, FITS, crop, letterbox, size_record, stretch

SIDES = st.integers(4, 60)


@pytest.mark.parametrize("fit", FITS.values())
@given(SIDES, SIDES, SIDES, SIDES)
def test_every_fit_gives_the_requested_size_within_the_range_of_levels(fit, h, w, height, width):
    levels = np.random.default_rng(h * w).integers(90, 200, (h, w), dtype=np.uint8)
    fitted = np.asarray(fit(Image.fromarray(levels), height, width))
    assert fitted.shape == (height, width)
    inside = fitted[fitted != BORDER]
    assert levels.min() <= inside.min() <= inside.max() <= levels.max()


@given(SIDES, SIDES, SIDES, SIDES)
def test_letterbox_keeps_the_proportions_and_touches_two_opposite_edges(h, w, height, width):
    fitted = np.asarray(letterbox(Image.new("L", (w, h), 200), height, width)) > 0
    rows, columns = np.flatnonzero(fitted.any(1)), np.flatnonzero(fitted.any(0))
    assert len(rows) == height or len(columns) == width
    scale = min(height / h, width / w)
    assert abs(len(rows) - h * scale) <= 0.5 or len(rows) == 1
    assert abs(len(columns) - w * scale) <= 0.5 or len(columns) == 1
    assert abs(rows[0] - (height - 1 - rows[-1])) <= 1
    assert abs(columns[0] - (width - 1 - columns[-1])) <= 1


@pytest.mark.parametrize("fit", FITS.values())
def test_a_picture_of_the_requested_size_is_unchanged(fit):
    levels = np.random.default_rng(0).integers(0, 256, (9, 13), dtype=np.uint8)
    assert np.array_equal(np.asarray(fit(Image.fromarray(levels), 9, 13)), levels)


def test_crop_uses_the_center_and_stretch_uses_everything():
    levels = np.zeros((8, 24), np.uint8)
    levels[:, 8:16] = 200
    assert (np.asarray(crop(Image.fromarray(levels), 8, 8)) == 200).all()
    stretched = np.asarray(stretch(Image.fromarray(levels), 8, 12))
    assert stretched[:, 0].max() == 0
    assert stretched[:, 5].min() == 200


def test_the_record_of_a_resizing_names_the_border_of_a_letterbox():
    assert size_record(8, 9, "letterbox") == {
        "size": [8, 9],
        "fit": "letterbox",
        "resampling": "bilinear",
        "border": 0,
    }
    assert "border" not in size_record(8, 9, "crop")
