"""Deletion and insertion, of answers that are known exactly."""

from itertools import pairwise

import numpy as np
import pytest

from core.explanation.perturbation import CELLS, ORDERS, STEPS, curves

SIZE = 4 * CELLS
SPOT = (slice(8, 20), slice(20, 32))
"""Nine whole cells."""


def bright_spot(pictures):
    """The positive class for as much of the spot as there is, uint 0–1."""
    p = np.clip(pictures[:, SPOT[0], SPOT[1], 0].mean(axis=(1, 2)), 0, 1)
    return np.stack([1 - p, p], axis=1).astype(np.float32)


@pytest.fixture
def picture():
    picture = np.full((SIZE, SIZE, 3), -0.0416667, np.float32)
    picture[SPOT] = 1
    picture -= picture.mean()
    picture /= picture.max()
    return picture


def test_map_of_what_matters_beats_every_random_order(picture):
    map = np.zeros((SIZE, SIZE), np.float32)
    map[SPOT] = 1
    found = curves(map, picture, 1, bright_spot)
    assert found.deletion[0] == found.insertion[-1] == pytest.approx(1)
    assert found.deletion[1] == pytest.approx(0, abs=1e-5), "a tenth holds all of the spot"
    assert found.insertion[1] == pytest.approx(1)
    assert found.deletion_area == pytest.approx(0.5 / STEPS, abs=1e-5)
    assert found.insertion_area == pytest.approx(1 - 0.5 / STEPS, abs=1e-5)
    assert found.gain > max(found.random_gains)
    assert len(found.random_gains) == ORDERS
    # At random the spot goes evenly.
    assert np.mean(found.random_gains) == pytest.approx(0, abs=0.3)


def test_map_of_what_does_not_matter_is_no_better_than_chance(picture):
    map = np.ones((SIZE, SIZE), np.float32)
    map[SPOT] = 0
    found = curves(map, picture, 1, bright_spot)
    assert found.gain < min(found.random_gains)


def test_areas_are_those_under_the_curves(picture):
    map = np.random.default_rng(3).random((SIZE, SIZE)).astype(np.float32)
    found = curves(map, picture, 1, bright_spot)
    for points, area in (
        (found.deletion, found.deletion_area),
        (found.insertion, found.insertion_area),
    ):
        middle = [(a + b) / 2 for a, b in pairwise(points)]
        assert area == pytest.approx(sum(middle) / STEPS)
    assert found.share == pytest.approx(np.arange(STEPS + 1) / STEPS)


def test_progress_reaches_its_end_and_the_same_map_has_the_same_curves(picture):
    told = []
    map = np.zeros((SIZE, SIZE), np.float32)
    one = curves(map, picture, 1, bright_spot, lambda *args: told.append(args))
    assert told[-1][0] == told[-1][1] == 2 + 2 * (ORDERS + 1) * (STEPS - 1)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert curves(map, picture, 1, bright_spot) == one
