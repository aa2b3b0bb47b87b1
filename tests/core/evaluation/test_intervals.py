"""Intervals against published examples, scipy and scikit-learn."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from core.evaluation.intervals import (
    GroupBootstrap,
    auc_score,
    bootstrap_p,
    mean_of_shares,
    percentile,
    wilson,
)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_examples(successes, n, low, high):
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3."""
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_at_the_ends():
    assert wilson(0, 0) is None
    low, high = wilson(206, 206)
    assert 0.98 < low < 0.985
    assert high == pytest.approx(1)


def _data(seed=0, n=60, groups=20):
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.6
    p = np.round(np.clip(0.5 + 0.2 * (truth - 0.5) + rng.normal(0, 0.2, n), 0, 1), 1)  # with ties
    return truth, p, rng.integers(0, groups, n)


def test_resamples_are_whole_groups_and_agree_with_scikit_learn():
    truth, p, group = _data()
    boot = GroupBootstrap.of(group, seed=1, resamples=30)
    means, balanced, aucs = (
        boot.means(p),
        boot.balanced_accuracies(truth, p > 0.5),
        boot.aucs(truth, p),
    )
    names = np.unique(group)
    for i, draw in enumerate(boot.draws):
        rows = np.concatenate(
            [np.flatnonzero(group == g) for g in np.repeat(names, draw.astype(int))]
        )
        assert means[i] == pytest.approx(p[rows].mean())
        assert aucs[i] == pytest.approx(roc_auc_score(truth[rows], p[rows]))
        right = (p > 0.5)[rows]
        halves = right[truth[rows]].mean() + right[~truth[rows]].mean()
        assert balanced[i] == pytest.approx(halves / 2)
    assert (boot.draws.sum(axis=1) == len(names)).all()


def test_without_groups_it_is_the_ordinary_bootstrap():
    rng = np.random.default_rng(3)
    values = rng.exponential(size=200)
    ours = percentile(GroupBootstrap.of(np.arange(200), seed=5, resamples=4000).means(values))
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=rng
    ).confidence_interval
    assert ours == pytest.approx(tuple(theirs), abs=0.02)


def test_copies_are_no_new_evidence():
    rng = np.random.default_rng(4)
    values, group = rng.normal(size=50), np.arange(50)
    once = percentile(GroupBootstrap.of(group, seed=6).means(values))
    ten_times = GroupBootstrap.of(np.repeat(group, 10), seed=6).means(np.repeat(values, 10))
    assert percentile(ten_times) == pytest.approx(once)


def test_same_seed_same_interval():
    truth, p, group = _data()
    first, second = (GroupBootstrap.of(group, seed=9).aucs(truth, p) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, GroupBootstrap.of(group, seed=10).aucs(truth, p))


def test_nothing_to_resample_gives_no_interval():
    nothing = GroupBootstrap.of([], seed=0)
    assert nothing.groups == 0
    assert percentile(nothing.means(np.empty(0))) is None
    assert percentile(nothing.aucs(np.empty(0, bool), np.empty(0))) is None
    one_class = GroupBootstrap.of(np.arange(5), seed=0)
    assert percentile(one_class.aucs(np.ones(5, bool), np.linspace(0, 1, 5))) is None


def _hanley_mcneil(area, n):
    """Variance of an AUC with n of each class (Hanley & McNeil, 1982, equation 2)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    return (area * (1 - area) + (n - 1) * (q1 - area**2) + (n - 1) * (q2 - area**2)) / n**2


@pytest.mark.parametrize("auc", [0.55, 0.8, 0.97])
def test_auc_score_interval_ends_where_the_auc_is_just_in_reach(auc):
    low, high = auc_score(auc, 40, 40)
    for edge in (low, high):
        assert abs(auc - edge) == pytest.approx(
            1.959964 * math.sqrt(_hanley_mcneil(edge, 40)), rel=1e-5
        )
    assert low < auc < high


def test_auc_score_interval_has_a_width_at_one():
    low, high = auc_score(1.0, 20, 10)
    assert high == 1
    assert 0.7 < low < 0.95
    assert auc_score(1.0, 200, 100)[0] > low
    assert auc_score(1.0, 5, 0) is None


def test_mean_of_shares_covers_what_it_should():
    """1,000 samples of 60 positives and 30 negatives with 95 % sensitivity, 90 % specificity."""
    rng = np.random.default_rng(0)
    covered = 0
    drawn = zip(rng.binomial(60, 0.95, 1000), rng.binomial(30, 0.9, 1000), strict=True)
    for hits, rejections in drawn:
        low, high = mean_of_shares(
            hits / 60, wilson(hits, 60), rejections / 30, wilson(rejections, 30)
        )
        covered += low <= 0.925 <= high
    assert 0.93 < covered / 1000 < 0.985


def test_bootstrap_p_is_the_percentile_interval_turned_round():
    """Below 0.05 exactly where nought lies outside the 95 % interval; never 0."""
    rng = np.random.default_rng(3)
    for shift in np.linspace(-4, 4, 33):
        replicates = rng.normal(shift, 1, 1999)
        low, high = percentile(replicates)
        p = bootstrap_p(replicates)
        if abs(p - 0.05) > 0.005:
            assert (p < 0.05) == (low > 0 or high < 0)
    # One replicate in 200 beyond nought: 2 (1 + 1) / (199 + 1 + 1).
    assert bootstrap_p(np.r_[-1.0, np.ones(199)]) == pytest.approx(4 / 201)
    assert bootstrap_p(np.ones(199)) == pytest.approx(2 / 200)
    assert bootstrap_p(np.zeros(50)) == 1.0
    assert bootstrap_p(np.r_[np.full(60, math.nan), np.ones(40)]) is None
