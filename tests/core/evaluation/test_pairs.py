"""Two models on the same pictures: independent ones, and many of each patient."""

import numpy as np
import pandas as pd
import pytest

from core.evaluation.delong import auc_difference
from core.evaluation.intervals import auc_score, wilson
from core.evaluation.pairs import accuracy_difference, ranking_difference
from core.evaluation.parts import PartView
from core.evaluation.significance import mcnemar


def view(truth, p, group):
    rows = {"label": np.where(truth, "yes", "no"), "probability": p, "group": group.astype(str)}
    return PartView(pd.DataFrame(rows), "yes", seed=7)


def two_models(patients, slices, seed, *, of_patient=1.0):
    """Two that are equally good, each with patients of its own that it finds hard."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(patients), slices)
    truth = (np.arange(patients) % 2 == 1)[group]
    seen = []
    for _ in range(2):
        evidence = np.where(truth, 0.7, -0.7) + of_patient * rng.normal(size=patients)[group]
        evidence += 0.5 * rng.normal(size=len(group))
        seen.append(view(truth, 1 / (1 + np.exp(-evidence)), group))
    return seen


@pytest.mark.parametrize("slices", [1, 2])
def test_pictures_with_few_copies_get_the_exact_tests(slices):
    one, other = two_models(40, slices, 3)
    together = pd.Series(one.group).where(np.arange(len(one.rows)) % 5 == 0, one.rows.index)
    one, other = (view(v.truth, v.probability, together.astype(str)) for v in (one, other))
    assert not one.clustered
    assert accuracy_difference(one, other).p == mcnemar(one.right, other.right).p
    exact = auc_difference(one.truth, one.probability, other.probability)
    assert ranking_difference(one, other).p == exact.p
    (tn, fp), (fn, tp) = one.summary.confusion
    assert one.result().intervals["sensitivity"] == wilson(tp, tp + fn)
    assert one.result().intervals["accuracy"] == wilson(tn + tp, tn + fp + fn + tp)


def test_many_slices_of_few_patients_claim_no_more_than_patients_can():
    """Equal models: of tests at the 5 % level about one in twenty may find a difference."""
    exact, ours = [], []
    for seed in range(200):
        one, other = two_models(30, 15, seed)
        assert one.clustered
        exact.append(mcnemar(one.right, other.right).p < 0.05)
        ours.append(accuracy_difference(one, other).p < 0.05)
    assert np.mean(exact) > 0.3  # taken as 450 independent pictures
    assert np.mean(ours) < 0.10


def test_nor_do_rankings_and_shares():
    exact, ours, covered = [], [], []
    for seed in range(60):
        one, other = two_models(30, 15, seed)
        auc = auc_difference(one.truth, one.probability, other.probability)
        exact.append(auc.p < 0.05)
        ours.append(ranking_difference(one, other).p < 0.05)
        low, high = one.result().intervals["accuracy"]
        covered.append(low <= 0.7348 <= high)  # of a normal of spread 1.118 beyond -0.7
    assert np.mean(exact) > 0.3
    assert np.mean(ours) < 0.15
    assert np.mean(covered) > 0.85


def test_where_all_are_right_the_interval_is_that_of_so_many_patients():
    one, _ = two_models(12, 10, 1)
    perfect = view(one.truth, one.truth.astype(float), one.group)
    intervals = perfect.result().intervals
    assert intervals["accuracy"] == wilson(12, 12)
    assert intervals["sensitivity"] == intervals["specificity"] == wilson(6, 6)


def test_where_all_are_ranked_right_the_auc_has_the_interval_of_so_many_patients():
    one, _ = two_models(10, 15, 1)
    perfect = view(one.truth, one.truth.astype(float), one.group)
    assert perfect.clustered
    assert perfect.result().intervals["auc"] == auc_score(1.0, 5, 5)
