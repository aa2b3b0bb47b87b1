"""How far a picture is from the training scans, against what the words mean."""

import numpy as np
import pytest
from scipy.stats import chi2

from core.model.typicality import FEWEST, MOST, Typicality, chosen, measure, pooled


@pytest.fixture
def scans():
    """300 points of a stretched cloud in 12 dimensions, two of each group."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(12, 12))
    points = np.repeat(rng.normal(size=(150, 12)), 2, axis=0) + 0.05 * rng.normal(size=(300, 12))
    return points @ mixing + 7, np.repeat(np.arange(150), 2), mixing


def test_of_scans_like_these_nearly_all_are_within_the_limit(scans):
    points, groups, mixing = scans
    typical = measure(points, groups, "w")
    new = np.random.default_rng(1).normal(size=(4000, 12)) @ mixing + 7
    assert 0.95 < (typical.distance(new) <= 1).mean() < 1
    far = new + 9 * mixing[0] * np.sqrt(chi2.ppf(0.99, 12)) / np.linalg.norm(mixing[0])
    assert (typical.distance(far) > 1).mean() > 0.9


def test_distance_is_that_of_mahalanobis(scans):
    points, groups, _ = scans
    typical = measure(points, groups, "w")
    away = points[5] - typical.mean
    expected = np.sqrt(away @ typical.precision @ away) / typical.limit
    assert typical.distance(points[5:6])[0] == pytest.approx(expected)
    assert typical.distance(typical.mean[None])[0] == 0


def test_a_group_does_not_vouch_for_itself():
    """One scan far off, copied often, would be typical if its copies stood in for it."""
    rng = np.random.default_rng(2)
    points = np.r_[rng.normal(size=(60, 6)), np.full((6, 6), 40.0) + rng.normal(size=(6, 6)) / 9]
    together = measure(points, np.r_[np.arange(60), np.full(6, 60)], "w")
    apart = measure(points, np.arange(66), "w")
    assert together.limit > 1.5 * apart.limit


def test_with_too_few_scans_nothing_is_typical(scans):
    points, _, _ = scans
    assert measure(points, np.arange(len(points)) % (FEWEST - 1), "w") is None


def test_it_is_kept_in_a_file_for_these_weights_alone(scans, tmp_path):
    points, groups, _ = scans
    typical = measure(points, groups, "w")
    typical.save(tmp_path / "gate.npz")
    again = Typicality.load(tmp_path / "gate.npz", "w")
    np.testing.assert_allclose(again.distance(points), typical.distance(points), rtol=1e-4)
    assert again.scans == 300
    assert Typicality.load(tmp_path / "gate.npz", "other") is None
    assert Typicality.load(tmp_path / "absent.npz", "w") is None
    (tmp_path / "gate.npz").write_bytes(b"PK\x03\x04 damaged")
    assert Typicality.load(tmp_path / "gate.npz", "w") is None


def test_features_are_mean_channels_of_length_1():
    activations = np.zeros((2, 3, 3, 2), np.float32)
    activations[0, ..., 0], activations[0, ..., 1] = 3, 4
    np.testing.assert_allclose(pooled(activations), [[0.6, 0.8], [0, 0]])


def test_of_many_scans_each_group_sends_one_before_any_sends_two():
    groups = np.repeat(np.arange(200), 3)
    picked = chosen(groups)
    assert len(picked) == MOST == len(set(picked))
    assert set(groups[picked]) == set(range(200))
    assert len(set(chosen(np.arange(1000)))) == MOST
    assert list(chosen(np.arange(5))) == [0, 1, 2, 3, 4]
