"""The precision-recall curve and its average, against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from core.evaluation.intervals import GroupBootstrap
from core.evaluation.metrics import average_precision
from core.evaluation.precision_recall import precision_recall_curve


def _rows(n=80, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.5
    p = np.round(rng.random(n) * 0.7 + truth * 0.3, 1)  # with ties
    return pd.DataFrame({"label": np.where(truth, "yes", "no"), "probability": p})


def test_area_under_the_steps_is_the_average_precision():
    rows = _rows()
    points = precision_recall_curve(rows, "yes")
    steps = -np.diff(points["recall"]) * points["precision"][:-1]
    assert steps.sum() == pytest.approx(average_precision(rows, "yes"))
    for point in points.iloc[:-1].itertuples():
        called = rows[rows["probability"] >= point.threshold]
        assert point.precision == pytest.approx((called["label"] == "yes").mean())
    assert points.iloc[-1]["recall"] == 0
    assert np.isnan(points.iloc[-1]["threshold"])


def test_one_class_has_no_curve():
    rows = pd.DataFrame({"label": ["yes"], "probability": [0.3]})
    assert precision_recall_curve(rows, "yes").empty
    assert average_precision(rows, "yes") is None


def test_resamples_agree_with_scikit_learn():
    rows = _rows(seed=1)
    truth, p = (rows["label"] == "yes").to_numpy(), rows["probability"].to_numpy()
    group = np.random.default_rng(2).integers(0, 25, len(rows))
    boot = GroupBootstrap.of(group, seed=3, resamples=40)
    found = boot.average_precisions(truth, p)
    for value, draw in zip(found, boot.draws, strict=True):
        drawn = np.repeat(np.arange(len(rows)), draw[boot.member].astype(int))
        assert value == pytest.approx(average_precision_score(truth[drawn], p[drawn]))


def test_resamples_without_a_positive_are_not_defined():
    nothing = GroupBootstrap.of([], seed=0)
    assert np.isnan(nothing.average_precisions(np.empty(0, bool), np.empty(0))).all()
    negatives = GroupBootstrap.of(np.arange(4), seed=0)
    found = negatives.average_precisions(np.zeros(4, bool), np.linspace(0, 1, 4))
    assert np.isnan(found).all()
