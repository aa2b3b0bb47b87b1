"""Whether a probability means what it says, and the temperature that mends it."""

import math

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from core.evaluation.intervals import CONFIDENCE, GroupBootstrap, Interval, percentile
from core.evaluation.metrics import CLIP, Floats, Truth, probability, truth

BINS = 10
SIMULATIONS = 500
"""How often labels are drawn to see what error of calibration chance alone makes."""
TEMPERATURES = (0.05, 20.0)
"""Beyond these a temperature says only that validation was too small or too easy."""


def reliability(
    predictions: pd.DataFrame, positive: str, bootstrap: GroupBootstrap | None = None
) -> pd.DataFrame:
    """Predicted against observed share of positives, in `BINS` bins of equal width.

    Args:
        predictions: One row a picture.
        positive: Name of the positive class.
        bootstrap: Their groups; without it each picture is taken as independent.

    Returns:
        One row a bin that holds a picture: `left`, `right` (its edges), `n`, `predicted`
        (mean probability), `observed` (share of positives), `low`, `high` (interval of that
        share, see `GroupBootstrap.share`).
    """
    is_positive, p = truth(predictions, positive), probability(predictions)
    bootstrap = bootstrap or GroupBootstrap.of(np.arange(len(p)), seed=0)
    which = np.where(np.isfinite(p), _bin_of(np.nan_to_num(p)), -1)
    rows = []
    for number in np.unique(which[which >= 0]):
        inside = which == number
        n, hits = int(inside.sum()), int(is_positive[inside].sum())
        low, high = bootstrap.share(is_positive, inside) or (math.nan, math.nan)
        rows.append(
            {
                "left": number / BINS,
                "right": (number + 1) / BINS,
                "n": n,
                "predicted": float(p[inside].mean()),
                "observed": hits / n,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(
        rows, columns=["left", "right", "n", "predicted", "observed", "low", "high"]
    )


def calibration_error(predictions: pd.DataFrame, positive: str) -> float | None:
    """Expected calibration error: mean distance of observed from predicted, weighted by bin.

    Naeini, Cooper & Hauskrecht (2015), on the probability of the positive class. None without
    a picture or when a probability is not a number.
    """
    p = probability(predictions)
    if not len(p) or not np.isfinite(p).all():
        return None
    surplus = truth(predictions, positive) - p
    return float(np.abs(np.bincount(_bin_of(p), surplus)).sum() / len(p))


def calibration_errors(
    predictions: pd.DataFrame, positive: str, bootstrap: GroupBootstrap
) -> Floats:
    """The calibration error in each resample, (resamples,); not numbers where it is undefined.

    Resampling adds noise, and noise only ever raises this error. The replicates are therefore
    shifted down by as much as their mean exceeds the error itself; some may fall below 0.
    """
    error = calibration_error(predictions, positive)
    if error is None:
        return np.full(len(bootstrap.draws), math.nan)
    p = probability(predictions)
    surplus = truth(predictions, positive) - p
    which = _bin_of(p)
    sums = np.zeros((bootstrap.groups, BINS))
    np.add.at(sums, (bootstrap.member, which), surplus)
    sizes = bootstrap.draws @ np.bincount(bootstrap.member, minlength=bootstrap.groups)
    replicates = np.abs(bootstrap.draws @ sums).sum(axis=1) / sizes
    shifted: Floats = replicates - (replicates.mean() - error)
    return shifted


def calibration_error_interval(
    predictions: pd.DataFrame, positive: str, bootstrap: GroupBootstrap
) -> Interval | None:
    """Bootstrap interval of the calibration error, by group (see `calibration_errors`).

    It begins at 0 where perfect calibration would show so large an error more often than one
    time in twenty: with few pictures the error of the best network is far from 0.
    """
    found = percentile(calibration_errors(predictions, positive, bootstrap))
    error = calibration_error(predictions, positive)
    if found is None or error is None:
        return None
    chance = np.quantile(_errors_of_chance(probability(predictions), bootstrap), CONFIDENCE)
    return (max(0.0, found[0]) if error > chance else 0.0, min(1.0, found[1]))


def _errors_of_chance(p: Floats, bootstrap: GroupBootstrap) -> Floats:
    """Calibration errors of pictures whose probabilities are right, (SIMULATIONS,).

    Labels are drawn from the probabilities (Bröcker & Smith 2007, "Increasing the reliability
    of reliability diagrams"), all of a group from one throw, for copies agree.
    """
    throws = np.random.default_rng(0).random((SIMULATIONS, bootstrap.groups))
    surplus = (throws[:, bootstrap.member] < p) - p
    in_bin = np.eye(BINS)[_bin_of(p)]
    errors: Floats = np.abs(surplus @ in_bin).sum(axis=1) / len(p)
    return errors


def fit_temperature(predictions: pd.DataFrame, positive: str) -> float | None:
    """The temperature with the lowest loss on these pictures, which must be validation's.

    Guo, Pleiss, Sun & Weinberger (2017). Above 1 the model was too sure of itself. One number
    is fitted, and no scan changes sides. None with one class only.
    """
    is_positive, p = truth(predictions, positive), probability(predictions)
    if is_positive.all() or not is_positive.any() or not np.isfinite(p).all():
        return None
    scores = _logits(p)
    low, high = np.log(TEMPERATURES)
    best = minimize_scalar(
        lambda t: _cross_entropy(scores / math.exp(t), is_positive),
        bounds=(low, high),
        method="bounded",
    )
    return float(math.exp(best.x))


def with_temperature(predictions: pd.DataFrame, temperature: float) -> pd.DataFrame:
    """The same rows with their probability at this temperature."""
    return predictions.assign(probability=at_temperature(probability(predictions), temperature))


def at_temperature(p: Floats, temperature: float) -> Floats:
    """Probabilities, 0–1 and of any shape, at this temperature."""
    rescaled: Floats = expit(_logits(p) / temperature)
    return rescaled


def _bin_of(p: Floats) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Bin of each probability, 0 to BINS - 1; the last one includes 1."""
    return np.clip((p * BINS).astype(np.intp), 0, BINS - 1)


def _logits(p: Floats) -> Floats:
    scores: Floats = logit(np.clip(p, CLIP, 1 - CLIP))
    return scores


def _cross_entropy(scores: Floats, is_positive: Truth) -> float:
    return float(np.logaddexp(0, np.where(is_positive, -scores, scores)).mean())
