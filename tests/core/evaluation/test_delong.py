"""DeLong's test against a count of all pairs."""

import math

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from core.evaluation.delong import auc_difference, covariance


def _two_models(seed, n=80, ties=False):
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.4
    shared = rng.normal(size=n)
    scores = np.stack([truth * 1.0 + shared + rng.normal(size=n), truth * 1.6 + shared])
    return truth, np.round(scores) if ties else scores


def _covariance_by_pairs(truth, scores):
    """DeLong, DeLong & Clarke-Pearson (1988), equations 4 to 6, pair by pair."""
    positives, negatives = scores[:, truth], scores[:, ~truth]
    m, n = positives.shape[1], negatives.shape[1]
    kernel = np.array(
        [
            [[1.0 if x > y else 0.5 if x == y else 0.0 for y in ys] for x in xs]
            for xs, ys in zip(positives, negatives, strict=True)
        ]
    )
    area = kernel.mean(axis=(1, 2))
    v10, v01 = kernel.mean(axis=2), kernel.mean(axis=1)
    s = np.zeros((len(scores), len(scores)))
    for r in range(len(scores)):
        for t in range(len(scores)):
            s10 = ((v10[r] - area[r]) * (v10[t] - area[t])).sum() / (m - 1)
            s01 = ((v01[r] - area[r]) * (v01[t] - area[t])).sum() / (n - 1)
            s[r, t] = s10 / m + s01 / n
    return area, s


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_midranks_agree_with_counting_pairs(seed, ties):
    truth, scores = _two_models(seed, ties=ties)
    aucs, cov = covariance(truth, scores)
    expected_aucs, expected_cov = _covariance_by_pairs(truth, scores)
    np.testing.assert_allclose(aucs, expected_aucs)
    np.testing.assert_allclose(cov, expected_cov)
    np.testing.assert_allclose(aucs, [roc_auc_score(truth, s) for s in scores])


def test_test_and_interval_follow_from_the_covariance():
    truth, scores = _two_models(4)
    found = auc_difference(truth, *scores)
    (first, second), cov = _covariance_by_pairs(truth, scores)
    deviation = math.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    assert found.difference == pytest.approx(second - first)
    assert found.p == pytest.approx(2 * norm.sf(abs(second - first) / deviation))
    assert found.interval[1] - found.difference == pytest.approx(1.959964 * deviation, rel=1e-5)


def test_under_no_difference_p_is_uniform():
    rng = np.random.default_rng(11)
    p = []
    for _ in range(400):
        truth = np.arange(60) % 2 == 0
        shared = truth + rng.normal(size=60)
        p.append(auc_difference(truth, *(shared + rng.normal(size=(2, 60)))).p)
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.09


def test_models_that_rank_alike_do_not_differ():
    truth, scores = _two_models(5)
    found = auc_difference(truth, scores[0], scores[0] * 2 + 1)
    assert (found.difference, found.p, found.interval) == (0.0, 1.0, None)


def test_too_little_to_compare():
    assert auc_difference(np.ones(3, bool), np.zeros(3), np.ones(3)) is None
    assert auc_difference(np.zeros(0, bool), np.zeros(0), np.zeros(0)) is None
    lone = auc_difference(np.array([True, False, False]), np.array([0.5, 0.6, 0.4]), np.eye(3)[0])
    assert lone.difference == pytest.approx(0.5)
    assert lone.p is None
