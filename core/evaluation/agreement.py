"""How far two readers agree on two classes, beyond what chance would give."""

import math
import warnings
from collections.abc import Sequence

from statsmodels.stats.inter_rater import cohens_kappa

from core.evaluation.intervals import Interval


def kappa(table: Sequence[Sequence[int]]) -> tuple[float | None, Interval | None]:
    """Cohen's kappa (1960) with the large-sample interval of Fleiss, Cohen & Everitt (1969).

    Args:
        table: Counts [[both negative, only second positive], [only first positive, both
            positive]]: a row is what the first reader said, a column what the second said.

    Returns:
        Kappa, -1 to 1, and its 95 % interval. Kappa is None where chance alone would agree
        always, because both said one and the same class throughout. The interval is None
        where it would have no width, at complete agreement or disagreement: there the formula
        knows no doubt, and a handful of scans would pass for certainty.
    """
    (negative, second), (first, positive) = table
    total = negative + second + first + positive
    if max(negative, positive) == total:  # also of nothing at all
        return None, None
    with warnings.catch_warnings(action="ignore"):  # a variance a rounding error below nought
        found = cohens_kappa(table)
    low, high = float(found.kappa_low), float(found.kappa_upp)
    if not math.isfinite(low) or high - low < 1e-6:
        return float(found.kappa), None
    return float(found.kappa), (max(-1.0, low), min(1.0, high))
