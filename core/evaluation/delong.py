"""AUC with its variance, and the difference of two AUCs on the same scans (DeLong et al., 1988).

The fast form by mid-ranks is that of Sun & Xu (2014), "Fast implementation of DeLong's
algorithm for comparing the areas under correlated receiver operating characteristic curves",
IEEE Signal Processing Letters 21(11), 1389-1393.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from core.evaluation.intervals import Interval, Z
from core.evaluation.metrics import Floats, Truth


@dataclass(frozen=True)
class AucDifference:
    """Second AUC minus first, on the same pictures.

    Attributes:
        difference: -1 to 1.
        interval: None when the variance is zero or unknown.
        p: Two-sided; 1 when both rank alike; none when it is not defined.
    """

    difference: float
    interval: Interval | None
    p: float | None


def covariance(is_positive: Truth, scores: Floats) -> tuple[Floats, Floats]:
    """AUCs of several models on the same pictures, and their covariance.

    Args:
        is_positive: bool (n,), at least one picture of each class.
        scores: (models, n), higher meaning more positive.

    Returns:
        AUCs (models,) and covariance (models, models), which is not a number when a class
        has a single picture.
    """
    positive, negative = scores[:, is_positive], scores[:, ~is_positive]
    m, n = positive.shape[1], negative.shape[1]
    rank_all = rankdata(np.hstack([positive, negative]), axis=1)
    # Share of the other class that each picture outranks, ties counting half.
    outranked_by_positive = (rank_all[:, :m] - rankdata(positive, axis=1)) / n
    outranking_negative = 1 - (rank_all[:, m:] - rankdata(negative, axis=1)) / m
    aucs: Floats = outranked_by_positive.mean(axis=1)
    if min(m, n) < 2:
        return aucs, np.full((len(scores), len(scores)), math.nan)
    return aucs, np.atleast_2d(np.cov(outranked_by_positive) / m + np.cov(outranking_negative) / n)


def auc_difference(is_positive: Truth, first: Floats, second: Floats) -> AucDifference | None:
    """Compare two models on the same pictures; none with one class only.

    Args:
        is_positive: bool (n,).
        first: Probabilities of the one, (n,).
        second: Probabilities of the other, (n,).
    """
    scores = np.stack([first, second])
    if is_positive.all() or not is_positive.any() or not np.isfinite(scores).all():
        return None
    aucs, cov = covariance(is_positive, scores)
    difference = float(aucs[1] - aucs[0])
    variance = float(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    if math.isnan(variance):
        return AucDifference(difference, None, None)
    if variance < 1e-15:  # the two rank alike, up to rounding
        return AucDifference(difference, None, 1.0 if abs(difference) < 1e-12 else None)
    deviation = math.sqrt(variance)
    reach = Z * deviation
    low, high = max(-1.0, difference - reach), min(1.0, difference + reach)
    return AucDifference(difference, (low, high), float(2 * norm.sf(abs(difference) / deviation)))
