"""ROC curves name their areas and mark the operating point."""

import pytest
from made_figures import named
from made_run import POSITIVE

from core.evaluation.roc import roc_curve
from core.reporting import figures


def test_roc_names_each_auc_with_its_interval(run, comparison):
    rows = run.predictions("stage1").query("split == 'test'")
    figure = figures.roc_curves({"stage1": roc_curve(rows, POSITIVE)}, comparison)
    test = comparison.stage("stage1").test
    low, high = test.intervals["auc"]
    assert named(figure, f"Stage 1: {test.auc:.3f} ({low:.2f}–{high:.2f})")
    half = figure.data[-1]
    assert (half.x[0], half.y[0]) == (pytest.approx(1 - test.specificity), test.sensitivity)


def test_roc_marks_the_operating_point(run, comparison):
    rows = run.predictions("stage1").query("split == 'test'")
    point = comparison.stage("stage1").operating_point.test
    curves = {"stage1": roc_curve(rows, POSITIVE)}
    figure = figures.roc_curves(curves, comparison, operating={"stage1": point})
    (mark,) = named(figure, "Stage 1, operating point")
    assert (mark.x[0], mark.y[0]) == (pytest.approx(1 - point.specificity), point.sensitivity)
