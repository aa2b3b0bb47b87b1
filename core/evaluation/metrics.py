"""Every figure of a stage, from its predictions alone.

All functions take the rows of `predictions.csv` (columns `label` and `probability`, that of
the positive class) and the name of the positive class. What is not defined is None: the
sensitivity without a positive scan, the AUC with one class only, everything of an empty part.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Truth = NDArray[np.bool_]
Floats = NDArray[np.float64]

THRESHOLD = 0.5
"""From this probability on a scan is called positive."""

CLIP = 1e-7
"""No probability counts as lower in a loss, as in Keras: one sure error is not infinite."""


@dataclass(frozen=True)
class Summary:
    """The figures of one part of one stage. Shares and probabilities are 0 to 1.

    Attributes:
        n: Number of pictures.
        accuracy: Share called right.
        loss: Mean cross-entropy, natural logarithm.
        sensitivity: Share of positives called positive.
        specificity: Share of negatives called negative.
        balanced_accuracy: Mean of these two.
        auc: Area under the ROC curve.
        average_precision: Precision, averaged over the positives as they are found.
        brier: Mean squared distance of the probability from 0 or 1 (Brier, 1950).
        confusion: [[tn, fp], [fn, tp]].
    """

    n: int
    accuracy: float | None
    loss: float | None
    sensitivity: float | None
    specificity: float | None
    balanced_accuracy: float | None
    auc: float | None
    average_precision: float | None
    brier: float | None
    confusion: list[list[int]]


def truth(predictions: pd.DataFrame, positive: str) -> Truth:
    """Whether each picture is of the positive class, bool (n,)."""
    return (predictions["label"] == positive).to_numpy(dtype=bool)


def probability(predictions: pd.DataFrame) -> Floats:
    """Probability of the positive class, float (n,)."""
    return predictions["probability"].to_numpy(dtype=np.float64)


def confusion(
    predictions: pd.DataFrame, positive: str, threshold: float = THRESHOLD
) -> list[list[int]]:
    """Counts [[tn, fp], [fn, tp]]: a row is what a scan is, a column what it was called."""
    if predictions.empty:
        return [[0, 0], [0, 0]]
    is_positive, called = truth(predictions, positive), probability(predictions) >= threshold
    return [
        [int(np.sum((is_positive == is_) & (called == said))) for said in (False, True)]
        for is_ in (False, True)
    ]


def outcomes(
    predictions: pd.DataFrame, positive: str, threshold: float = THRESHOLD
) -> "pd.Series[str]":
    """The cell of the confusion matrix that each picture is in: "tn", "fp", "fn" or "tp"."""
    is_positive = truth(predictions, positive)
    called = probability(predictions) >= threshold
    cells = np.where(is_positive, np.where(called, "tp", "fn"), np.where(called, "fp", "tn"))
    return pd.Series(cells, index=predictions.index, name="outcome", dtype=str)


def log_losses(predictions: pd.DataFrame, positive: str) -> Floats:
    """Cross-entropy of each picture, float (n,), 0 to 16.1; not a number where p is not."""
    p = probability(predictions)
    given = np.where(truth(predictions, positive), p, 1 - p)
    losses: Floats = -np.log(np.clip(given, CLIP, 1.0))
    return losses


def squared_errors(predictions: pd.DataFrame, positive: str) -> Floats:
    """Squared distance of each probability from 0 or 1, float (n,)."""
    errors: Floats = (probability(predictions) - truth(predictions, positive)) ** 2
    return errors


def auc(predictions: pd.DataFrame, positive: str) -> float | None:
    """Area under the ROC curve: the chance that a positive scan outranks a negative one."""
    is_positive, p = truth(predictions, positive), probability(predictions)
    if is_positive.all() or not is_positive.any() or not np.isfinite(p).all():
        return None
    from sklearn.metrics import roc_auc_score  # slow to load, and lists of runs do without

    return float(roc_auc_score(is_positive, p))


def average_precision(predictions: pd.DataFrame, positive: str) -> float | None:
    """Area under the steps of the precision-recall curve.

    Its level by chance is the share of positives. None with one class only.
    """
    if auc(predictions, positive) is None:
        return None
    is_positive, p = truth(predictions, positive), probability(predictions)
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(is_positive, p))


def summarise(predictions: pd.DataFrame, positive: str) -> Summary:
    """All figures of these pictures."""
    cells = confusion(predictions, positive)
    (tn, fp), (fn, tp) = cells
    sensitivity, specificity = share_of(tp, fn), share_of(tn, fp)
    return Summary(
        n=len(predictions),
        accuracy=share_of(tn + tp, fp + fn),
        loss=_mean(log_losses(predictions, positive)),
        sensitivity=sensitivity,
        specificity=specificity,
        balanced_accuracy=None
        if sensitivity is None or specificity is None
        else (sensitivity + specificity) / 2,
        auc=auc(predictions, positive),
        average_precision=average_precision(predictions, positive),
        brier=_mean(squared_errors(predictions, positive)),
        confusion=cells,
    )


def share_of(right: int, wrong: int) -> float | None:
    """The share that is right; none of nothing."""
    return right / (right + wrong) if right + wrong else None


def _mean(values: Floats) -> float | None:
    mean = float(values.mean()) if len(values) else math.nan
    return mean if math.isfinite(mean) else None
