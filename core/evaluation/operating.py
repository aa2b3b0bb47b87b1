"""The threshold for a wanted sensitivity: chosen on validation, then only reported on test."""

import math
from typing import Literal

import numpy as np
from scipy.special import expit

from core.errors import SettingError
from core.evaluation.intervals import Interval, Z, is_point, percentile, wilson
from core.evaluation.metrics import Floats, Truth, confusion, share_of
from core.evaluation.parts import PartView
from core.evaluation.percent import per_cent, percent
from core.evaluation.results import OperatingPoint, OperatingResult, PredictiveValue

SENSITIVITY = 0.95
"""Wanted where nobody says otherwise."""


def operating_point(
    validation: PartView,
    test: PartView,
    sensitivity: float = SENSITIVITY,
    prevalence: float | None = None,
) -> OperatingPoint:
    """Choose the threshold on validation, and report what it does to test.

    Args:
        validation: As the stage sees it.
        test: The same; it has no say.
        sensitivity: Wanted, above 0 and at most 1.
        prevalence: Share of positives among those who will be scanned, between 0 and 1; none
            gives no predictive values.

    Raises:
        SettingError: Sensitivity or prevalence is outside what is possible.
    """
    if not 0 < sensitivity <= 1:
        raise SettingError(
            "a wanted sensitivity above 0 and at most 1",
            f"{sensitivity:g} was given",
            "Give a share, such as 0.95.",
        )
    if prevalence is not None and not 0 < prevalence < 1:
        raise SettingError(
            "a prevalence between 0 and 1",
            f"{prevalence:g} was given",
            "Give a share, such as 0.1 for one in ten.",
        )
    threshold = threshold_for(validation.truth, validation.probability, sensitivity)
    values = _values(test, threshold, prevalence)
    return OperatingPoint(
        wanted_sensitivity=sensitivity,
        threshold=threshold,
        validation=_result(validation, threshold),
        test=_result(test, threshold),
        prevalence=prevalence,
        positive_predictive_value=values[0],
        negative_predictive_value=values[1],
        caution=_caution(validation, sensitivity),
    )


def threshold_for(is_positive: Truth, p: Floats, sensitivity: float) -> float | None:
    """The threshold with the fewest false alarms that reaches a sensitivity on these pictures.

    Fewer are called positive the higher it is, so this is the highest that finds enough of the
    positives. Every threshold down to the next lower probability calls these pictures alike;
    of those the middle one is taken, which leaves the same room on both sides. Positives that
    tie with the last one needed are found along with it.

    Args:
        is_positive: bool (n,).
        p: Probability of the positive class, (n,).
        sensitivity: Wanted, above 0 and at most 1.

    Returns:
        From which probability on a scan is called positive; none without a positive, or when a
        probability is not a number.
    """
    if not is_positive.any() or not np.isfinite(p).all():
        return None
    found = np.sort(p[is_positive])[::-1]
    needed = math.ceil(sensitivity * len(found) - 1e-9)
    last = float(found[max(1, needed) - 1])
    lower = p[p < last]
    middle = (last + float(lower.max() if len(lower) else 0.0)) / 2
    return middle if not len(lower) or middle > lower.max() else last


def predictive_values(
    tp: float,
    fn: float,
    tn: float,
    fp: float,
    prevalence: float | None,
) -> tuple[PredictiveValue | None, PredictiveValue | None]:
    """What a positive and a negative call are worth where the class is this common.

    Bayes' rule from sensitivity and specificity; logit intervals of Mercaldo, Lau & Zhou (2007),
    "Confidence intervals for predictive values with an emphasis to case-control studies",
    Statistics in Medicine 26, 2170-2183, equations 8 to 11. At a value of 0 or 1 these are not
    defined, and their adjusted logit intervals (z²/2 added to each cell) take their place,
    reaching to the value itself. The prevalence is taken as known.

    Args:
        tp: Positives called positive.
        fn: Positives called negative.
        tn: Negatives called negative.
        fp: Negatives called positive.
        prevalence: Between 0 and 1.

    Returns:
        Positive and negative predictive value; none without prevalence, without one of the
        classes, or where nothing would ever be called so.
    """
    if prevalence is None or not tp + fn or not tn + fp:
        return None, None
    odds = prevalence / (1 - prevalence)
    return (
        _predictive_value((tp, fn), (fp, tn), odds),
        _predictive_value((tn, fp), (fn, tp), 1 / odds),
    )


def _predictive_value(
    own: tuple[float, float], other: tuple[float, float], odds: float
) -> PredictiveValue | None:
    """What a call is worth that so many (called so, not called so) get of the class and without.

    `odds` are those of the class that is called, before any call.
    """
    (hits, misses), (errors, rejections) = own, other
    right, wrong = hits / (hits + misses) * odds, errors / (errors + rejections)
    if not right + wrong:
        return None
    value = right / (right + wrong)
    extra = 0.0 if hits and errors else Z**2 / 2
    n, m = hits + misses + 2 * extra, errors + rejections + 2 * extra
    share, error = (hits + extra) / n, (errors + extra) / m
    centre = math.log(odds * share / error)
    reach = Z * math.sqrt((1 - share) / share / n + (1 - error) / error / m)
    low, high = float(expit(centre - reach)), float(expit(centre + reach))
    return PredictiveValue(value=value, interval=(min(low, value), max(high, value)))


def in_words(point: OperatingPoint, negative: str, positive: str) -> list[str]:
    """The operating point in sentences, from how it was chosen to what it is worth.

    Its caution is to be told beside them.
    """
    validation, test = point.validation, point.test
    if point.threshold is None:
        return [f"Without '{positive}' scans in validation no threshold can be chosen."]
    said = [
        f"Called '{positive}' from {percent(point.threshold)} on: the highest threshold that "
        f"finds {100 * point.wanted_sensitivity:g} % of the '{positive}' scans of validation. "
        f"There it finds {_share(validation, 'sensitivity')}."
    ]
    if test.sensitivity is not None:
        said.append(
            f"On test, which had no say, it finds {_share(test, 'sensitivity')} of '{positive}'"
            + (
                f" and leaves {_share(test, 'specificity')} of '{negative}' alone."
                if test.specificity is not None
                else "."
            )
        )
    if point.prevalence is not None:
        worth = [
            f"a call of '{name}' is right in {percent(value.value)} ({_span(value.interval)})"
            for name, value in (
                (positive, point.positive_predictive_value),
                (negative, point.negative_predictive_value),
            )
            if value is not None
        ]
        if worth:
            said.append(
                f"Where {percent(point.prevalence)} of those scanned are '{positive}', "
                + " and ".join(worth)
                + "."
            )
    return said


def _result(part: PartView, threshold: float | None) -> OperatingResult:
    if threshold is None:
        return OperatingResult(
            n=len(part.rows), confusion=[[0, 0], [0, 0]], sensitivity=None, specificity=None
        )
    (tn, fp), (fn, tp) = cells = confusion(part.rows, part.positive, threshold)
    right = part.right_from(threshold)
    return OperatingResult(
        n=len(part.rows),
        confusion=cells,
        sensitivity=share_of(tp, fn),
        specificity=share_of(tn, fp),
        intervals={
            "sensitivity": part.bootstrap.share(right, part.truth),
            "specificity": part.bootstrap.share(right, ~part.truth),
        },
    )


def _values(
    part: PartView, threshold: float | None, prevalence: float | None
) -> tuple[PredictiveValue | None, PredictiveValue | None]:
    """Predictive values: by formula, or from resamples where pictures are clustered.

    Where no resample differs from another, they are those of so many groups of either class.
    """
    if threshold is None or prevalence is None:
        return None, None
    (tn, fp), (fn, tp) = confusion(part.rows, part.positive, threshold)
    if not part.clustered:
        return predictive_values(tp, fn, tn, fp, prevalence)
    right = part.right_from(threshold).astype(np.float64)
    (ill, found), (well, left_alone) = (
        (
            part.bootstrap.groups_among(among) / max(1, int(among.sum())),
            part.bootstrap.means(right, among),
        )
        for among in (part.truth, ~part.truth)
    )
    odds = prevalence / (1 - prevalence)
    positive, negative = predictive_values(tp * ill, fn * ill, tn * well, fp * well, prevalence)
    return (
        _resampled(positive, found * odds, 1 - left_alone),
        _resampled(negative, left_alone, (1 - found) * odds),
    )


def _resampled(
    of_groups: PredictiveValue | None, right: Floats, wrong: Floats
) -> PredictiveValue | None:
    """A predictive value with the interval of its resamples, if they differ."""
    with np.errstate(invalid="ignore", divide="ignore"):
        interval = percentile(right / (right + wrong))
    if of_groups is None or interval is None or is_point(interval):
        return of_groups
    return of_groups.model_copy(update={"interval": interval})


def _caution(part: PartView, sensitivity: float) -> str | None:
    """Whether so few positives could show that sensitivity at all, even if all were found."""
    if part.clustered:
        positives, what = part.bootstrap.groups_among(part.truth), "independent groups of positive"
    else:
        positives, what = int(part.truth.sum()), "positive"
    perfect = wilson(positives, positives)
    if perfect is None or perfect[0] >= sensitivity:
        return None
    if sensitivity == 1:
        return "No number of scans can show that nothing will ever be missed."
    enough = math.ceil(Z**2 * sensitivity / (1 - sensitivity))
    return (
        f"Validation is too small to promise that: with {positives} {what} scans even finding "
        f"all of them would only show a sensitivity above {percent(perfect[0], digits=0)}. It "
        f"would take {enough} or more to show {100 * sensitivity:g} %."
    )


def _share(result: OperatingResult, name: Literal["sensitivity", "specificity"]) -> str:
    """`28 of 30 (93.3 %, 78.7 to 98.2)`."""
    right, wrong = result.confusion[1][::-1] if name == "sensitivity" else result.confusion[0]
    interval = result.intervals[name]
    between = f", {_span(interval)}" if interval else ""
    share = getattr(result, name)
    return f"{right} of {right + wrong}" + (
        f" ({percent(share)}{between})" if share is not None else ""
    )


def _span(interval: Interval) -> str:
    return " to ".join(map(per_cent, interval))
