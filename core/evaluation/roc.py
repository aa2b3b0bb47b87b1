"""The ROC curve: what every threshold would give."""

import pandas as pd
from sklearn import metrics as sklearn_metrics

from core.evaluation.metrics import auc, probability, truth


def roc_curve(predictions: pd.DataFrame, positive: str) -> pd.DataFrame:
    """Points of the ROC curve, from no scan called positive to all of them.

    Returns:
        Columns `threshold`, `sensitivity` and `false_alarms` (1 - specificity), 0 to 1; empty
        when one class is missing.
    """
    if auc(predictions, positive) is None:
        return pd.DataFrame(columns=["threshold", "sensitivity", "false_alarms"])
    false_alarms, sensitivity, threshold = sklearn_metrics.roc_curve(
        truth(predictions, positive), probability(predictions)
    )
    return pd.DataFrame(
        {"threshold": threshold, "sensitivity": sensitivity, "false_alarms": false_alarms}
    )
