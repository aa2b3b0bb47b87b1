"""Precision-recall curves name their averages."""

import numpy as np
import pytest
from made_figures import named
from made_run import POSITIVE

from core.evaluation.precision_recall import precision_recall_curve
from core.reporting import figures


def area(curve) -> float:
    """Under the steps as they are drawn: level first, and then up or down."""
    assert curve.line.shape == "hv"
    return float(-(np.diff(curve.x) * curve.y[:-1]).sum())


def test_precision_recall_names_each_average_with_its_interval(run, comparison):
    rows = run.predictions("stage1").query("split == 'test'")
    curves = {"stage1": precision_recall_curve(rows, POSITIVE)}
    figure = figures.precision_recall_curves(curves, comparison)
    test = comparison.stage("stage1").test
    low, high = test.intervals["average_precision"]
    assert named(figure, f"Stage 1: {test.average_precision:.3f} ({low:.2f}–{high:.2f})")
    assert figure.data[0].y[0] == pytest.approx((rows["label"] == POSITIVE).mean())
    assert area(figure.data[-1]) == pytest.approx(test.average_precision)
    assert "both classes" in figures.precision_recall_curves({}, comparison).to_json()
