"""Seeded views."""

import hashlib

import numpy as np
import pytest

from core.config import Augmentation
from core.imaging.views import make_view, view_rng

STILL = Augmentation(
    rotation=0, horizontal_flip=False, vertical_flip=False, brightness=(1, 1), shift=0, shear=0
)


@pytest.fixture
def pixels():
    rng = np.random.default_rng(3)
    blocks = rng.integers(0, 256, (12, 9, 3), np.uint8)
    return blocks.repeat(8, axis=0).repeat(8, axis=1)


def views(pixels, augmentation, count=40):
    return [make_view(pixels, augmentation, view_rng(7, "a", k)) for k in range(1, count)]


def test_a_view_is_the_same_wherever_it_is_made(pixels):
    first = make_view(pixels, Augmentation(), view_rng(7, "abc", 2))
    again = make_view(pixels.copy(), Augmentation(), view_rng(7, "abc", 2))
    assert np.array_equal(first, again)
    assert first.dtype == np.uint8
    assert first.shape == pixels.shape


def test_the_random_numbers_of_a_view_stay_what_they_were():
    """Cached views and old runs depend on these numbers."""
    drawn = view_rng(7, hashlib.sha256(b"scan").hexdigest(), 1).random(3)
    assert drawn == pytest.approx([0.0036703327907591, 0.928304039, 0.1743602623], abs=1e-9)


@pytest.mark.parametrize("other", [(8, "abc", 2), (7, "abd", 2), (7, "abc", 3)])
def test_seed_picture_and_number_each_matter(pixels, other):
    view = make_view(pixels, Augmentation(), view_rng(7, "abc", 2))
    assert not np.array_equal(view, make_view(pixels, Augmentation(), view_rng(*other)))


def test_no_change_is_no_change(pixels):
    assert all(np.array_equal(view, pixels) for view in views(pixels, STILL, 5))


def test_brightness_multiplies_within_its_range(pixels):
    dimming = STILL.model_copy(update={"brightness": (0.3, 1.0)})
    bright = pixels > 100
    factors = [np.mean(view[bright] / pixels[bright]) for view in views(pixels, dimming)]
    assert 0.29 < min(factors) < 0.4
    assert 0.9 < max(factors) < 1.01


def test_brightness_above_one_saturates(pixels):
    glaring = STILL.model_copy(update={"brightness": (3.0, 3.0)})
    view = make_view(pixels, glaring, view_rng(7, "a", 1))
    assert np.array_equal(view, np.minimum(pixels.astype(int) * 3, 255))


@pytest.mark.parametrize(
    ("setting", "axis"), [("horizontal_flip", 1), ("vertical_flip", 0)], ids=["mirror", "upend"]
)
def test_flips_happen_about_half_the_time_on_their_axis(pixels, setting, axis):
    flipping = STILL.model_copy(update={setting: True})
    flipped = 0
    for view in views(pixels, flipping):
        assert np.array_equal(view, pixels) or np.array_equal(view, np.flip(pixels, axis))
        flipped += not np.array_equal(view, pixels)
    assert 10 < flipped < 30


def test_shifts_stay_within_their_share_of_each_side():
    dot = np.zeros((101, 201, 3), np.uint8)
    dot[48:53, 98:103] = 255
    shifting = STILL.model_copy(update={"shift": 0.1})
    where = np.array([np.argwhere(v[..., 0] > 127).mean(axis=0) for v in views(dot, shifting)])
    away = np.abs(where - (50, 100)).max(axis=0)
    assert 7 < away[0] <= 10.6
    assert 14 < away[1] <= 20.6


def test_turns_stay_within_their_angle_and_keep_the_centre():
    bar = np.zeros((101, 101, 3), np.uint8)
    bar[49:52, 20:81] = 255
    turning = STILL.model_copy(update={"rotation": 10.0})
    angles = []
    for view in views(bar, turning):
        rows, columns = np.nonzero(view[..., 0] > 127)
        assert (rows.mean(), columns.mean()) == pytest.approx((50, 50), abs=0.5)
        angles.append(np.rad2deg(np.arctan(np.polyfit(columns, rows, 1)[0])))
    assert max(angles) <= 10.3
    assert min(angles) >= -10.3
    assert max(angles) - min(angles) > 12


def test_shear_leans_verticals_by_its_factor():
    bar = np.zeros((101, 101, 3), np.uint8)
    bar[20:81, 49:52] = 255
    leaning = STILL.model_copy(update={"shear": 0.1})
    slopes = []
    for view in views(bar, leaning):
        rows, columns = np.nonzero(view[..., 0] > 127)
        slopes.append(np.polyfit(rows, columns, 1)[0])
    assert max(np.abs(slopes)) <= 0.105
    assert max(slopes) - min(slopes) > 0.1


def test_what_comes_from_outside_is_the_nearest_edge():
    bright = np.full((40, 60, 3), 180, np.uint8)
    moving = STILL.model_copy(update={"rotation": 10.0, "shift": 0.1, "shear": 0.1})
    assert all((view == 180).all() for view in views(bright, moving))


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (90, 1)])
def test_the_smallest_pictures_have_views_too(shape):
    view = make_view(np.full((*shape, 3), 9, np.uint8), Augmentation(), view_rng(7, "", 1))
    assert view.shape == (*shape, 3)


def test_switching_one_change_off_leaves_the_others(pixels):
    dimming = STILL.model_copy(update={"brightness": (0.3, 1.0)})
    both = dimming.model_copy(update={"vertical_flip": True})
    for alone, together in zip(views(pixels, dimming), views(pixels, both), strict=True):
        assert np.array_equal(alone, together) or np.array_equal(alone[::-1], together)


def test_zoom_stays_within_its_share():
    disc = np.zeros((101, 101, 3), np.uint8)
    y, x = np.mgrid[-50:51, -50:51]
    disc[np.hypot(x, y) <= 20] = 255
    zooming = STILL.model_copy(update={"zoom": 0.2})
    radii = [np.sqrt((v[..., 0] > 127).sum() / np.pi) for v in views(disc, zooming)]
    assert 15.5 < min(radii) < 18
    assert 22 < max(radii) < 24.5


def test_gamma_keeps_black_white_and_the_order_between():
    bending = STILL.model_copy(update={"gamma": 1.5})
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    middles = []
    for view in views(ramp, bending):
        levels = view[0, :, 0].astype(int)
        assert (levels[0], levels[-1]) == (0, 255)
        assert (np.diff(levels) >= 0).all()
        middles.append(np.log(levels[128] / 255) / np.log(128 / 255))
    assert 1 / 1.55 < min(middles) < 0.8
    assert 1.25 < max(middles) < 1.55


def test_a_field_rises_evenly_to_one_side():
    even = np.full((60, 80, 3), 100, np.uint8)
    uneven = STILL.model_copy(update={"field": 0.3})
    steepest = 0.0
    for view in views(even, uneven):
        grey = view[..., 0].astype(float)
        assert grey.mean() == pytest.approx(100, abs=0.5)
        across = grey[:, -1].mean() - grey[:, 0].mean()
        down = grey[-1].mean() - grey[0].mean()
        steepest = max(steepest, np.hypot(across, down))
        assert np.abs(grey + grey[::-1, ::-1] - 200).max() <= 1  # odd about the centre
    assert 45 < steepest <= 61


def test_noise_has_at_most_its_standard_deviation():
    even = np.full((64, 64, 3), 120, np.uint8)
    noisy = STILL.model_copy(update={"noise": 8.0})
    spreads = [view[..., 0].std() for view in views(even, noisy)]
    assert max(spreads) < 8.5
    assert max(spreads) > 6
    assert min(spreads) < 2
    assert all((view == view[..., :1]).all() for view in views(even, noisy, 4))  # grey


def test_blur_widens_an_edge_by_at_most_its_share_of_the_longer_side():
    edge = np.zeros((60, 200, 3), np.uint8)
    edge[:, 100:] = 255
    blurring = STILL.model_copy(update={"blur": 0.02})
    spreads = []
    for view in views(edge, blurring):
        steepest = np.diff(view[30, :, 0].astype(float)).max()
        spreads.append(255 / steepest / np.sqrt(2 * np.pi))  # of the Gaussian that makes it
        assert view[30].min() == 0
        assert view[30].max() == 255
    assert min(spreads) < 1
    assert 3.5 < max(spreads) < 4.2
