"""Paired tests against scipy and exact enumeration."""

import itertools

import numpy as np
import pytest
from scipy import stats

from core.evaluation.significance import holm, mcnemar, sign_flip


@pytest.mark.parametrize(("gained", "lost"), [(9, 2), (2, 9), (5, 5), (1, 0), (30, 12)])
def test_mcnemar_is_a_fair_coin(gained, lost):
    first = np.array([False] * gained + [True] * lost + [True] * 7 + [False] * 3)
    second = np.array([True] * gained + [False] * lost + [True] * 7 + [False] * 3)
    found = mcnemar(first, second)
    assert (found.gained, found.lost) == (gained, lost)
    assert found.p == pytest.approx(stats.binomtest(gained, gained + lost, 0.5).pvalue)


def test_nobody_changed_sides():
    same = np.array([True, False, True])
    assert mcnemar(same, same).p == 1
    assert mcnemar(same[:0], same[:0]).p == 1


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_sign_flips_agree_with_scipy(alternative):
    rng = np.random.default_rng(0)
    differences = rng.normal(0.15, 0.5, 40)
    ours = sign_flip(differences, np.arange(40), seed=1, alternative=alternative)
    theirs = stats.permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        alternative=alternative,
        n_resamples=9999,
        rng=rng,
    ).pvalue
    assert ours == pytest.approx(theirs, abs=0.015)


def test_groups_are_tossed_whole():
    differences = np.array([0.4, 0.3, 0.5, -0.1, 0.2, 0.6, -0.2, 0.3])
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    sums = [0.7, 0.4, 0.8, 0.1]
    tosses = [np.dot(signs, sums) for signs in itertools.product([-1, 1], repeat=4)]
    exact = np.mean([toss >= sum(sums) - 1e-9 for toss in tosses])
    found = sign_flip(differences, groups, seed=2, alternative="greater")
    assert found == pytest.approx(exact, abs=0.01)
    assert found > sign_flip(differences, np.arange(8), seed=2, alternative="greater")


def test_copies_do_not_add_significance():
    differences = np.random.default_rng(3).normal(0.2, 0.5, 20)
    once = sign_flip(differences, np.arange(20), seed=4)
    often = sign_flip(np.repeat(differences, 9), np.repeat(np.arange(20), 9), seed=4)
    assert once == often


def test_no_difference_and_no_data():
    assert sign_flip(np.zeros(5), np.arange(5), seed=0) == 1
    assert sign_flip(np.empty(0), np.empty(0), seed=0) is None
    assert sign_flip(np.array([np.nan, 1.0]), np.arange(2), seed=0) is None


def test_holm_gives_the_textbook_example():
    """Four p-values, smallest times 4, next times 3, …, never falling."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([None, 0.02, None]) == [None, pytest.approx(0.02), None]
    assert holm([]) == []
    assert holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])
