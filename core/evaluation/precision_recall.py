"""The precision-recall curve: how many of those called positive are, as more are called so."""

import pandas as pd
from sklearn import metrics as sklearn_metrics

from core.evaluation.metrics import auc, probability, truth


def precision_recall_curve(predictions: pd.DataFrame, positive: str) -> pd.DataFrame:
    """Points of the precision-recall curve, from all scans called positive to none of them.

    Returns:
        Columns `threshold`, `recall` (sensitivity) and `precision`, 0 to 1. The last row, a
        recall of 0, has a precision of 1 by convention and no threshold. Empty when one class
        is missing.
    """
    if auc(predictions, positive) is None:
        return pd.DataFrame(columns=["threshold", "recall", "precision"])
    precision, recall, threshold = sklearn_metrics.precision_recall_curve(
        truth(predictions, positive), probability(predictions)
    )
    thresholds = pd.Series(threshold).reindex(range(len(recall)))
    return pd.DataFrame({"threshold": thresholds, "recall": recall, "precision": precision})
