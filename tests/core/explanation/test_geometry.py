"""The way back from the network's square to the scan."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import SettingError
from core.explanation.geometry import overlay, to_scan
from core.imaging.preprocessing import prepare
from core.protocols import LEAKFREE

SIZE = 64


def protocol(fit, upright=False):
    return LEAKFREE.with_settings({"input.size": SIZE, "input.fit": fit, "input.upright": upright})


def scan_with_a_head(height, width, box):
    """A black scan with a bright rectangle (left, top, right, bottom) for a head."""
    left, top, right, bottom = box
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[top:bottom, left:right] = 200
    return pixels


@st.composite
def heads(draw):
    height, width = draw(st.integers(40, 300)), draw(st.integers(40, 300))
    across, down = draw(st.integers(width // 2, width)), draw(st.integers(height // 2, height))
    left = draw(st.integers(0, width - across))
    top = draw(st.integers(0, height - down))
    return height, width, (left, top, left + across, top + down)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(heads(), st.sampled_from(["stretch", "letterbox"]), st.floats(0, 1), st.floats(0, 1))
def test_a_hot_pixel_lands_where_it_came_from(head, fit, across, down):
    height, width, box = head
    prepared = prepare(scan_with_a_head(height, width, box), protocol(fit))
    content, crop = prepared.content, prepared.box
    column = content.left + int(across * (content.width - 1))
    row = content.top + int(down * (content.height - 1))
    map = np.zeros((SIZE, SIZE), np.float32)
    map[row, column] = 1

    laid = to_scan(map, prepared)

    assert laid.shape == (height, width)
    step = crop.width / content.width, crop.height / content.height
    x = crop.left + (column + 0.5 - content.left) * step[0]
    y = crop.top + (row + 0.5 - content.top) * step[1]
    rows, columns = np.nonzero(laid > laid.max() / 2)
    # Half a pixel of the scan plus half a pixel of the square, either way.
    assert abs(columns.mean() + 0.5 - x) <= 0.5 + step[0] / 2
    assert abs(rows.mean() + 0.5 - y) <= 0.5 + step[1] / 2
    outside = laid.copy()
    crop.cut(outside)[...] = 0
    assert not outside.any()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(heads(), st.sampled_from(["stretch", "letterbox"]))
def test_an_even_map_fills_the_crop_and_nothing_else(head, fit):
    height, width, box = head
    prepared = prepare(scan_with_a_head(height, width, box), protocol(fit))
    laid = to_scan(np.full((SIZE, SIZE), 3, np.float32), prepared)
    crop = prepared.box
    np.testing.assert_allclose(crop.cut(laid), 3, rtol=1e-6)
    assert laid.sum() == pytest.approx(3 * crop.area)


def test_heat_on_the_bars_of_a_letterbox_is_nowhere_in_the_scan():
    prepared = prepare(scan_with_a_head(100, 200, (10, 10, 190, 90)), protocol("letterbox"))
    map = np.zeros((SIZE, SIZE), np.float32)
    map[: prepared.content.top] = 1
    assert prepared.content.top > 0
    assert not to_scan(map, prepared).any()


@pytest.fixture
def grey():
    return np.full((10, 20, 3), 120, np.uint8)


def test_overlay_colours_only_where_there_is_heat(grey):
    map = np.zeros((10, 20), np.float32)
    map[4, 5] = 2
    found = overlay(grey, map, opacity=1)
    assert (found[4, 5] != grey[4, 5]).any()
    found[4, 5] = grey[4, 5]
    np.testing.assert_array_equal(found, grey)


def test_overlay_of_an_empty_map_is_the_scan(grey):
    found = overlay(grey, np.zeros((10, 20), np.float32))
    np.testing.assert_array_equal(found, grey)
    assert found is not grey


def test_overlay_on_an_absolute_scale_shows_a_faint_map_as_faint(grey):
    faint = np.full((10, 20), 0.1, np.float32)
    change = np.abs(overlay(grey, faint, maximum=1.0).astype(int) - grey).max()
    own_scale = np.abs(overlay(grey, faint).astype(int) - grey).max()
    assert change < 15 < own_scale


def test_overlay_caps_heat_above_the_maximum(grey):
    found = overlay(grey, np.full((10, 20), 9, np.float32), opacity=1, maximum=1)
    hottest = overlay(grey, np.ones((10, 20), np.float32), opacity=1, maximum=1)
    np.testing.assert_array_equal(found, hottest)


def test_overlay_is_red_before_blue(grey):
    """Half way up, inferno is a warm red: mixed up channels would make it blue."""
    map = np.full((10, 20), 0.6, np.float32)
    red, _, blue = overlay(np.zeros_like(grey), map, opacity=1, maximum=1)[0, 0]
    assert red > blue


@pytest.mark.parametrize("opacity", [-0.1, 1.5])
def test_an_impossible_opacity_is_refused(grey, opacity):
    with pytest.raises(SettingError, match="opacity"):
        overlay(grey, np.ones((10, 20), np.float32), opacity=opacity)


@pytest.mark.parametrize("turned", [-12, 12])
def test_a_map_of_a_head_put_upright_lies_over_the_head_as_it_lay(turned):
    """A lesion is hot in the square; its place in the scan is known."""
    scan = np.zeros((200, 180, 3), np.uint8)
    cv2.ellipse(scan, (90, 100), (60, 80), turned, 0, 360, (120, 120, 120), -1)
    cv2.ellipse(scan, (90, 100), (6, 70), turned, 0, 360, (60, 60, 60), -1)
    cv2.circle(scan, (110, 70), 8, (250, 250, 250), -1)
    prepared = prepare(
        scan, protocol("stretch", upright=True).with_settings({"input.levels": "stored"})
    )
    assert prepared.turn.degrees == pytest.approx(turned, abs=3)
    hot = (prepared.pixels[..., 0] > 200).astype(np.float32)
    rows, columns = np.nonzero(to_scan(hot, prepared) > 0.5)
    assert columns.mean() == pytest.approx(110, abs=2)
    assert rows.mean() == pytest.approx(70, abs=2)
