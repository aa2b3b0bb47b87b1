"""Oriented gradients against a count of pixels one by one."""

import math

import numpy as np
import pytest

from core.imaging.gradients import oriented_gradients


def _by_pixel(grey):
    """The definition of Dalal & Triggs (2005), section 6, without a vectorised step."""
    height, width = grey.shape
    rows, columns = height // 8, width // 8
    cells = [[[0.0] * 9 for _ in range(columns)] for _ in range(rows)]
    for y in range(rows * 8):
        for x in range(columns * 8):
            dx = float(grey[y, x + 1]) - float(grey[y, x - 1]) if 0 < x < width - 1 else 0.0
            dy = float(grey[y + 1, x]) - float(grey[y - 1, x]) if 0 < y < height - 1 else 0.0
            degrees = math.degrees(math.atan2(dy, dx)) % 180
            cells[y // 8][x // 8][int(degrees // 20) % 9] += math.hypot(dx, dy) / 64
    found = []
    for y in range(rows - 1):
        for x in range(columns - 1):
            block = [v for j in (0, 1) for i in (0, 1) for v in cells[y + j][x + i]]
            for clip in (0.2, math.inf):
                length = math.sqrt(sum(v * v for v in block) + 1e-10)
                block = [min(v / length, clip) for v in block]
            found += block
    return found


def test_as_counted_pixel_by_pixel():
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (27, 34), np.uint8)
    grey[:12, :20] = np.arange(20) * 9  # one direction only, which clipping holds back
    found = oriented_gradients(grey)
    assert found.shape == (2 * 3 * 4 * 9,)
    np.testing.assert_allclose(found, _by_pixel(grey), atol=2e-5)


def test_light_and_contrast_hardly_matter():
    grey = np.random.default_rng(1).integers(40, 90, (64, 64), np.uint8)
    np.testing.assert_allclose(
        oriented_gradients(grey), oriented_gradients(grey * 2 + 20), atol=1e-5
    )


def test_a_flat_picture_has_no_direction():
    assert not oriented_gradients(np.full((32, 32), 7, np.uint8)).any()


@pytest.mark.parametrize(("turn", "direction"), [(False, 0), (True, 4)])
def test_an_edge_votes_for_its_direction(turn, direction):
    grey = np.zeros((16, 16), np.uint8)
    grey[:, 8:] = 200
    cells = oriented_gradients(grey.T.copy() if turn else grey).reshape(4, 9)
    assert set(np.flatnonzero(cells.sum(axis=0))) == {direction}
