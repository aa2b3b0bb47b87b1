"""Where a head folds onto itself."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.imaging.midline import LARGEST_TURN, STRAIGHT, Turn, find_midline


def head(degrees=0.0, right=0, side=160):
    """An oval head with two ventricles, turned anticlockwise and moved to the right."""
    picture = np.zeros((side, side, 3), np.uint8)
    middle = (side // 2 + right, side // 2)
    cv2.ellipse(picture, middle, (46, 62), -degrees, 0, 360, (110, 110, 110), -1)
    cv2.ellipse(picture, middle, (46, 62), -degrees, 0, 360, (230, 230, 230), 4)
    along = np.deg2rad(degrees)
    for across in (-9, 9):
        x = middle[0] + across * np.cos(along)
        y = middle[1] - across * np.sin(along)
        centre = (round(x), round(y))
        cv2.ellipse(picture, centre, (5, 20), -degrees, 0, 360, (30, 30, 30), -1)
    return picture


@pytest.mark.parametrize("degrees", [-14, -6, 6, 14])
def test_a_turned_head_is_turned_back(degrees):
    found = find_midline(head(degrees))
    assert found.degrees == pytest.approx(-degrees, abs=2)


@pytest.mark.parametrize("right", [-9, 9])
def test_a_head_off_the_middle_is_brought_there(right):
    found = find_midline(head(right=right))
    assert found.shift * 160 == pytest.approx(-right, abs=3)
    assert abs(found.degrees) <= 2


def test_a_straight_head_is_left_as_it_lies():
    assert find_midline(head()) == STRAIGHT
    pixels = head()
    assert STRAIGHT.apply(pixels) is pixels


@pytest.mark.parametrize("at", [(100, 50), (60, 45), (100, 105)])
def test_a_bright_lesion_on_one_side_does_not_turn_a_straight_head(at):
    dim = head() // 2
    cv2.circle(dim, at, 16, (255, 255, 255), -1)
    assert abs(find_midline(dim).degrees) <= 2


def test_what_is_as_good_straight_is_left_straight():
    """Round, so that no turn is better than another."""
    disc = np.zeros((160, 160, 3), np.uint8)
    cv2.circle(disc, (80, 80), 60, (120, 120, 120), -1)
    cv2.circle(disc, (80, 80), 60, (230, 230, 230), 4)
    assert find_midline(disc) == STRAIGHT


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 90, 3), (90, 2, 3), (60, 60, 3)])
def test_a_picture_without_a_midline_is_left_as_it_lies(shape):
    assert find_midline(np.full(shape, 80, np.uint8)).degrees == 0


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(-LARGEST_TURN, LARGEST_TURN), st.floats(-0.08, 0.08), st.booleans())
def test_what_was_turned_can_be_laid_back(degrees, shift, wide):
    shape = (90, 120) if wide else (120, 90)
    turn = Turn(degrees, shift)
    map = np.zeros(shape, np.float32)
    map[40:50, 40:50] = 1
    back = turn.undo(turn.apply(map))
    rows, columns = np.nonzero(back > 0.5)
    assert rows.mean() == pytest.approx(44.5, abs=1)
    assert columns.mean() == pytest.approx(44.5, abs=1)
