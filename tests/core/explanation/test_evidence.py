"""What is measured of a map without knowing the truth."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rankdata

from core.config import Crop
from core.explanation.evidence import (
    LIMIT,
    MOST_SIMILAR,
    Curves,
    Evidence,
    cheap_evidence,
    rank_correlation,
)
from core.imaging.cropping import head_mask

SIZE = 60
SOUND = Evidence(empty=False, outside=0.1, outside_evenly=0.4, agreement={"other": 0.6})
CURVES = Curves(
    share=(0.0, 0.5, 1.0),
    deletion=(0.9, 0.3, 0.1),
    insertion=(0.1, 0.8, 0.9),
    deletion_area=0.4,
    insertion_area=0.65,
    random_deletion_areas=(0.6, 0.5),
    random_insertion_areas=(0.5, 0.6),
)


@pytest.fixture
def head():
    """A grey disc with a dark middle, uint8 RGB."""
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    disc = np.where(x**2 + y**2 < 20**2, 150, 0)
    disc[x**2 + y**2 < 8**2] = 0
    return np.repeat(disc[..., None], 3, axis=-1).astype(np.uint8)


def test_heat_outside_is_a_share_of_all_heat(head):
    mask = head_mask(head, Crop())
    map = np.where(mask, 1.0, 3.0).astype(np.float32)
    found = cheap_evidence(map, head, Crop(), {})
    outside = 3 * (~mask).sum()
    assert found.outside == pytest.approx(outside / (outside + mask.sum()))
    assert found.outside_evenly == pytest.approx((~mask).mean())


def test_empty_map_is_no_failure_and_nothing_to_measure(head):
    nothing = np.zeros((SIZE, SIZE), np.float32)
    found = cheap_evidence(nothing, head, Crop(), {"other": nothing + 1})
    assert found.verdict == "empty"
    assert found.outside is None
    assert found.agreement == {"other": None}
    assert found.reasons == ()
    assert "nothing to measure" in found.notes[0]


def test_rank_correlation_is_spearmans():
    one, other = np.random.default_rng(0).random((2, 15, 15)).astype(np.float32)
    other += one
    expected = np.corrcoef(rankdata(one), rankdata(other))[0, 1]
    assert rank_correlation(one, other) == pytest.approx(expected)
    assert rank_correlation(one, one**3) == pytest.approx(1)
    assert rank_correlation(one, -one) == pytest.approx(-1)


def test_finer_map_of_the_same_heat_agrees():
    coarse = np.random.default_rng(0).random((15, 15)).astype(np.float32)
    assert rank_correlation(np.kron(coarse, np.ones((4, 4), np.float32)), coarse) == 1


def test_sound_map_is_reliable():
    assert SOUND.verdict == "reliable"
    assert SOUND.checked == "cheap"
    full = replace(SOUND, curves=CURVES, similarity={"the head": 0.1, "more": None})
    assert (full.verdict, full.checked, full.reasons) == ("reliable", "full", ())
    assert full.notes == SOUND.notes == (LIMIT,)
    assert SOUND.headline == "Quick checks: nothing against this map"
    assert full.headline == "All checks: nothing against this map"
    assert replace(SOUND, outside=0.9).headline == "Unreliable map"


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        ({"outside": 0.9}, "90% of its heat lies outside the head"),
        ({"agreement": {"a": -0.5, "b": 0.1, "c": None}}, "rank correlation with it is -0.20"),
        ({"curves": replace(CURVES, random_insertion_areas=(0.5, 0.9))}, "1 of 2 random orders"),
        ({"curves": replace(CURVES, random_insertion_areas=(0.85, 0.6))}, "1 of 2 random orders"),
        ({"similarity": {"the head": MOST_SIMILAR + 0.05}}, "random weights in the head"),
    ],
)
def test_each_failure_makes_a_map_unreliable_and_says_why(failing, reason):
    found = replace(SOUND, **failing)
    assert found.verdict == "unreliable"
    assert len(found.reasons) == 1
    assert reason in found.reasons[0]
    assert found.to_json()["reasons"] == list(found.reasons)


def test_no_order_is_better_where_nothing_matters():
    flat = replace(
        CURVES,
        deletion_area=0.9,
        insertion_area=0.9,
        random_deletion_areas=(0.9, 0.9),
        random_insertion_areas=(0.9, 0.91),
    )
    found = replace(SOUND, curves=flat)
    assert found.verdict == "reliable"
    assert found.notes[0] == LIMIT
    assert "hardly depends" in found.notes[1]
