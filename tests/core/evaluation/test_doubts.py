"""Labels in doubt, against confident learning written out for any number of classes."""

import numpy as np
import pandas as pd
import pytest

from core.evaluation.doubts import doubts


def confident_joint(labels, probabilities):
    """Where each scan is counted (Northcutt et al. 2021, equation 1); -1 where nowhere."""
    classes = range(probabilities.shape[1])
    thresholds = [probabilities[labels == j, j].mean() for j in classes]
    counted = []
    for scan in probabilities:
        sure = [j for j in classes if scan[j] >= thresholds[j]]
        counted.append(max(sure, key=lambda j: scan[j]) if sure else -1)
    return np.array(counted)


def table(labels, of_ill):
    return pd.DataFrame(
        {
            "file": [f"{i:03d}.png" for i in range(len(labels))],
            "label": np.where(labels, "yes", "no"),
            "probability": of_ill,
        }
    )


@pytest.mark.parametrize("seed", range(20))
def test_they_are_those_that_confident_learning_counts_to_the_other_class(seed):
    rng = np.random.default_rng(seed)
    ill = rng.random(200) < 0.6
    p = np.clip(rng.normal(np.where(ill, 0.7, 0.35), 0.3), 0.001, 0.999)
    counted = confident_joint(ill.astype(int), np.column_stack([1 - p, p]))
    expected = np.flatnonzero((counted >= 0) & (counted != ill))
    found = doubts(table(ill, p), "yes")
    assert sorted(d.file for d in found) == [f"{i:03d}.png" for i in expected]
    assert len(found) > 0
    sure = [d.probability for d in found]
    assert sure == sorted(sure, reverse=True)


def test_a_wrong_label_is_found_and_a_hard_scan_is_not():
    ill = np.array([True] * 10 + [False] * 10)
    p = np.where(ill, 0.9, 0.1)
    p[3], p[12] = 0.02, 0.6  # labelled ill and surely healthy; healthy, and hard to tell
    (found,) = doubts(table(ill, p), "yes")
    assert (found.file, found.label) == ("003.png", "yes")
    assert found.probability == pytest.approx(0.98)


def test_seeds_are_averaged_before_anything_is_doubted():
    ill = np.array([True] * 5 + [False] * 5)
    once, again = np.where(ill, 0.9, 0.1), np.where(ill, 0.9, 0.1)
    once[0], again[0] = 0.05, 0.95
    both = pd.concat([table(ill, once), table(ill, again)])
    assert doubts(both, "yes") == []


def test_with_one_class_there_is_nothing_to_doubt():
    assert doubts(table(np.ones(4, bool), np.full(4, 0.1)), "yes") == []
