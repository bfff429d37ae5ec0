"""Augmentation: each change is compared with an independent implementation."""

import numpy as np
import pytest
import torch

from models.augment import Augmentation, augment


def pictures(n=6, height=12, width=20, seed=0):
    """Smooth random images (N, H, W) uint8."""
    rng = np.random.default_rng(seed)
    rough = torch.from_numpy(rng.uniform(0, 255, (n, 1, 4, 5)).astype(np.float32))
    smooth = torch.nn.functional.interpolate(rough, (height, width), mode="bicubic").clamp(0, 255)
    return smooth[:, 0].to(torch.uint8)


@pytest.fixture
def at_the_limit(monkeypatch):
    """Makes every draw from [-x, x] return x."""
    monkeypatch.setattr(torch, "rand", lambda n, device=None: torch.ones(n))


def test_an_augmentation_of_zeros_is_false_and_changes_nothing():
    images = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16).repeat(3, 1, 1)
    assert not Augmentation()
    assert torch.equal(augment(images, Augmentation()), images)


@pytest.mark.parametrize("field", ["shift", "rotation", "scale", "gain", "brightness", "flip"])
def test_each_setting_makes_the_augmentation_true_and_changes_images(field):
    by = Augmentation(**{field: 0.9 if field in ("flip", "scale", "gain", "shift") else 20.0})
    assert by
    torch.manual_seed(0)
    images = pictures()
    changed = augment(images, by)
    assert (changed.shape, changed.dtype) == (images.shape, torch.uint8)
    assert not torch.equal(changed, images)


def test_a_shift_by_whole_pixels_moves_pixels_and_repeats_the_border(at_the_limit):
    images = pictures(height=8, width=16)
    moved = augment(images, Augmentation(shift=0.25))
    padded = np.pad(images.numpy(), ((0, 0), (0, 2), (0, 4)), mode="edge")  # a quarter of each side
    assert np.array_equal(moved.numpy(), padded[:, 2:, 4:])


def test_gain_and_brightness_equal_those_of_numpy(at_the_limit):
    images = pictures()
    lit = augment(images, Augmentation(gain=0.3, brightness=20)).numpy()
    wanted = np.clip(images.numpy().astype(float) * 1.3 + 20, 0, 255)
    assert np.abs(lit - wanted).max() <= 0.51
    assert (lit == 255).any()


def test_a_flip_mirrors_about_the_given_share_of_images():
    images = pictures(200)
    torch.manual_seed(0)
    always = augment(images, Augmentation(flip=1.0))
    assert torch.equal(always, images.flip(2))
    some = augment(images, Augmentation(flip=0.3))
    flipped = (some == images.flip(2)).all(dim=(1, 2))
    assert ((some == images).all(dim=(1, 2)) | flipped).all()
    assert 0.2 < flipped.float().mean() < 0.4


def test_a_quarter_turn_of_a_rectangular_image_does_not_distort_shapes(at_the_limit):
    images = pictures(height=12, width=20)
    turned = augment(images, Augmentation(rotation=90)).numpy()
    middle = np.s_[:, :, 4:16]  # the largest square
    wanted = np.rot90(images.numpy()[middle], axes=(1, 2))
    assert np.abs(turned[middle].astype(int) - wanted).max() <= 1


def test_a_rotated_circle_is_a_circle_of_the_same_area():
    y, x = np.mgrid[:40, :80]
    distance = np.hypot(y - 19.5, x - 39.5)
    disc = torch.from_numpy((200 * (distance < 12)).astype(np.uint8)).repeat(20, 1, 1)
    torch.manual_seed(0)
    turned = augment(disc, Augmentation(rotation=180)).numpy()
    away_from_the_edge = np.abs(distance - 12) > 1.5
    assert (turned[:, away_from_the_edge] == disc.numpy()[:, away_from_the_edge]).all()


def test_scale_multiplies_lengths_by_one_plus_its_value(at_the_limit):
    y, x = np.mgrid[:40, :80]
    distance = np.hypot(y - 19.5, x - 39.5)
    disc = torch.from_numpy((200 * (distance < 8)).astype(np.uint8))[None]
    larger = augment(disc, Augmentation(scale=0.5)).numpy()[0]
    assert (larger[distance < 11] == 200).all()
    assert (larger[distance > 14] == 0).all()


def test_equal_seeds_give_equal_changes_and_each_image_has_its_own():
    same = pictures(1).repeat(5, 1, 1)
    by = Augmentation(0.1, 10, 0.1, 0.1, 10, 0.5)
    torch.manual_seed(3)
    first, other = augment(same, by), augment(same, by)
    torch.manual_seed(3)
    assert torch.equal(augment(same, by), first)
    assert not torch.equal(first, other)
    assert len(torch.unique(first.flatten(1), dim=0)) == 5


def test_geometric_changes_keep_an_image_of_one_grey_level():
    even = torch.full((8, 9, 7), 77, dtype=torch.uint8)
    assert (augment(even, Augmentation(0.3, 40, 0.3, flip=0.5)) == 77).all()
