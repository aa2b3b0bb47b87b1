"""Confidence intervals.

A share of pictures gets Wilson's interval. Everything else is bootstrapped by group, and shares are
as well where groups are large: pictures made from one scan, near copies of it, or slices of one
patient are drawn together, for they are no new evidence.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics import Floats, Truth

CONFIDENCE = 0.95
"""Coverage of every interval that is ever shown."""
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
"""Standard deviations that a normal interval of this coverage reaches to either side."""

CLUSTER = 2
"""Pictures a group, on average, beyond which they are clustered."""

Interval = tuple[float, float]


def wilson(successes: int, n: int) -> Interval | None:
    """Wilson's score interval (1927) of a share; none without observations.

    It takes pictures as independent of one another. It stays within 0 and 1 and has a width
    even at 100 %, where the textbook interval has none (Brown, Cai & DasGupta, 2001).

    Args:
        successes: How many of them.
        n: Of how many.
    """
    if n == 0:
        return None
    share, room = successes / n, Z**2 / n
    centre = (share + room / 2) / (1 + room)
    reach = math.sqrt(room * (share * (1 - share) + room / 4)) / (1 + room)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def mean_of_shares(
    first: float, first_interval: Interval, second: float, second_interval: Interval
) -> Interval:
    """Interval of the mean of two independent shares, from those of each (MOVER).

    Zou & Donner (2008). For a balanced accuracy at 100 %, of which a bootstrap sees no end.
    """
    below = math.hypot(first - first_interval[0], second - second_interval[0]) / 2
    above = math.hypot(first_interval[1] - first, second_interval[1] - second) / 2
    mean = (first + second) / 2
    return mean - below, mean + above


def auc_score(auc: float, positives: int, negatives: int) -> Interval | None:
    """Score interval of an AUC from its value and the two counts; none without both classes.

    Newcombe (2006), "Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic. Part 2", Statistics in Medicine 25, method 5: those AUCs from which
    the one seen lies within reach, its variance being Hanley & McNeil's at that AUC. It has a
    width even at an AUC of 1, where bootstrap and DeLong's variance have none.
    """
    if not positives or not negatives:
        return None
    from scipy.optimize import brentq  # slow to load, and lists of runs do without

    extra = (positives + negatives) / 2 - 1

    def beyond(area: float) -> float:
        """Squared distance from what was seen, less the squared reach."""
        spread = 1 + extra * ((1 - area) / (2 - area) + area / (1 + area))
        variance = area * (1 - area) * spread / (positives * negatives)
        return float((auc - area) ** 2 - Z**2 * variance)

    # An AUC of 0 or 1 lies at its own root, which is not the one sought.
    low = brentq(beyond, 0.0, min(auc, 1 - 1e-9)) if auc > 0 else 0.0
    high = brentq(beyond, max(auc, 1e-9), 1.0) if auc < 1 else 1.0
    return float(low), float(high)


@dataclass(frozen=True, eq=False)
class GroupBootstrap:
    """Resamples of groups of pictures, with replacement (Davison & Hinkley, 1997, section 3.8).

    Drawn when first asked for: Wilson's interval needs none.

    Attributes:
        member: (n,), the group of each picture, 0 to groups - 1.
        groups: How many there are.
        seed: The same seed draws the same resamples.
        resamples: How many are drawn.
    """

    member: NDArray[np.intp]
    groups: int
    seed: int
    resamples: int

    @classmethod
    def of(cls, groups: Any, *, seed: int, resamples: int = 2000) -> "GroupBootstrap":
        """Resamples of pictures in these groups.

        Args:
            groups: (n,), any label of each picture's group.
            seed: The same seed draws the same resamples.
            resamples: How many.
        """
        names, member = np.unique(np.asarray(groups), return_inverse=True)
        return cls(member.astype(np.intp), len(names), seed, resamples)

    @cached_property
    def draws(self) -> Floats:
        """How often each group was drawn, (resamples, groups).

        Whole numbers as floats, for products of floats are much faster.
        """
        if not self.groups:
            return np.zeros((self.resamples, 0))
        rng = np.random.default_rng(self.seed)
        even = np.full(self.groups, 1 / self.groups)
        return rng.multinomial(self.groups, even, size=self.resamples).astype(np.float64)

    @property
    def clustered(self) -> bool:
        """Whether pictures come in groups so large that none may be taken as independent.

        A few near copies change Wilson's interval, McNemar's test and DeLong's next to nothing.
        Where each patient has several slices they would promise too much, and resamples and
        sign flips by group take their place.
        """
        return len(self.member) > CLUSTER * self.groups > 0

    def groups_among(self, among: Truth) -> int:
        """How many groups have one of these pictures."""
        return len(np.unique(self.member[among]))

    def share(self, right: Truth, among: Truth | None = None) -> Interval | None:
        """Interval of the share that is right, over the pictures `among`; none without any.

        Wilson's, or of resamples where pictures are clustered. Where no resample differs from
        another (all right, or all wrong) it is Wilson's of so many groups: those that have one
        of these pictures.
        """
        kept = np.ones(len(right), bool) if among is None else among
        hits, pictures = int((right & kept).sum()), int(kept.sum())
        if not self.clustered or not pictures:
            return wilson(hits, pictures)
        found = percentile(self.means(right.astype(np.float64), kept))
        if not is_point(found):
            return found
        groups = self.groups_among(kept)
        return wilson(round(groups * hits / pictures), groups)

    def means(self, values: Floats, among: Truth | None = None) -> Floats:
        """Mean of `values` (n,) in each resample, (resamples,), over the pictures `among`.

        Not a number where a resample holds none of them.
        """
        kept = np.ones(len(values), bool) if among is None else among
        sums = np.bincount(self.member, np.where(kept, values, 0.0), minlength=self.groups)
        sizes = np.bincount(self.member, kept, minlength=self.groups)
        with np.errstate(invalid="ignore", divide="ignore"):
            means: Floats = (self.draws @ sums) / (self.draws @ sizes)
        return means

    def balanced_accuracies(self, is_positive: Truth, right: Truth) -> Floats:
        """Mean of sensitivity and specificity in each resample, (resamples,)."""
        values = right.astype(np.float64)
        both: Floats = (self.means(values, is_positive) + self.means(values, ~is_positive)) / 2
        return both

    def aucs(self, is_positive: Truth, probability: Floats) -> Floats:
        """AUC in each resample, (resamples,); not a number where it has one class only.

        A picture drawn k times weighs k: the AUC is the weighted share of pairs that are
        ranked right, ties counting half.
        """
        found = np.full(len(self.draws), math.nan)
        for rows, above, below in self._ranked(is_positive, probability):
            outranked = below.cumsum(axis=1) - below / 2
            pairs = above.sum(axis=1) * below.sum(axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                found[rows] = (above * outranked).sum(axis=1) / pairs
        return found

    def average_precisions(self, is_positive: Truth, probability: Floats) -> Floats:
        """Average precision in each resample, (resamples,); not a number without a positive."""
        found = np.full(len(self.draws), math.nan)
        for rows, above, below in self._ranked(is_positive, probability):
            hits = above[:, ::-1].cumsum(axis=1)
            called = hits + below[:, ::-1].cumsum(axis=1)
            precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
            with np.errstate(invalid="ignore", divide="ignore"):
                found[rows] = (above[:, ::-1] * precision).sum(axis=1) / hits[:, -1]
        return found

    def _ranked(
        self, is_positive: Truth, probability: Floats
    ) -> Iterator[tuple[slice, Floats, Floats]]:
        """Weight of positives and of negatives at each distinct probability, from the lowest.

        Some resamples at a time, with the rows that they are of all.
        """
        order = np.argsort(probability, kind="stable")
        ranked, positive = probability[order], is_positive[order]
        if not len(ranked):
            return
        starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        chunk = max(1, 4_000_000 // len(ranked))  # some 32 MB at a time
        for first in range(0, len(self.draws), chunk):
            rows = slice(first, first + chunk)
            weight = self.draws[rows, self.member[order]]
            above = np.add.reduceat(weight * positive, starts, axis=1)
            yield rows, above, np.add.reduceat(weight * ~positive, starts, axis=1)


def percentile(replicates: Floats) -> Interval | None:
    """Percentile interval of bootstrap replicates; undefined ones are left out.

    None when fewer than half of them are defined.
    """
    defined = replicates[np.isfinite(replicates)]
    if len(defined) * 2 < max(1, len(replicates)):
        return None
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def is_point(interval: Interval | None) -> bool:
    """Whether an interval has no width, which resampling gives where nothing ever differs."""
    return interval is not None and interval[1] - interval[0] < 1e-9


def bootstrap_p(replicates: Floats) -> float | None:
    """Two-sided p-value of "the difference is nought", from bootstrap replicates of it.

    Twice the share of replicates on the far side of nought: the percentile interval turned
    round (Efron & Tibshirani, 1993, section 15.4), with one added to both counts so that it is
    never 0 (Davison & Hinkley, 1997, section 4.2.5). None when fewer than half are defined.
    """
    defined = replicates[np.isfinite(replicates)]
    if len(defined) * 2 < max(1, len(replicates)):
        return None
    beyond = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return min(1.0, 2 * (beyond + 1) / (len(defined) + 1))
