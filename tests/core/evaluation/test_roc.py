"""The ROC curve."""

import numpy as np
import pandas as pd
import pytest

from core.evaluation.metrics import auc
from core.evaluation.roc import roc_curve


def test_area_under_the_points_is_the_auc():
    rng = np.random.default_rng(0)
    truth = rng.random(100) < 0.5
    rows = pd.DataFrame(
        {"label": np.where(truth, "yes", "no"), "probability": rng.random(100) * 0.7 + truth * 0.3}
    )
    points = roc_curve(rows, "yes")
    area = np.trapezoid(points["sensitivity"], points["false_alarms"])
    assert area == pytest.approx(auc(rows, "yes"))
    assert tuple(points.iloc[0][["sensitivity", "false_alarms"]]) == (0, 0)
    assert tuple(points.iloc[-1][["sensitivity", "false_alarms"]]) == (1, 1)


def test_one_class_has_no_curve():
    assert roc_curve(pd.DataFrame({"label": ["yes"], "probability": [0.3]}), "yes").empty
