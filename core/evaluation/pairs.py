"""Every two stages on the same pictures: what changed, by how much, and whether it is chance."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from core.errors import RunError
from core.evaluation.changes import KEYS
from core.evaluation.delong import auc_difference
from core.evaluation.intervals import bootstrap_p, is_point, percentile
from core.evaluation.parts import PartView
from core.evaluation.results import Difference, HeldOut, Pair
from core.evaluation.significance import holm, mcnemar, sign_flip


def pairs_of(views: Mapping[str, PartView], part: HeldOut) -> list[Pair]:
    """Every two stages on one part, the earlier first, p-values corrected for their number.

    Args:
        views: The part as each stage sees it, by name, in the order of training.
        part: Which it is.

    Raises:
        RunError: Two stages predicted different pictures.
    """
    names = list(views)
    return corrected(
        [
            _pair(first, second, part, views, names.index(second) - names.index(first) == 1)
            for first, second in itertools.combinations(names, 2)
        ]
    )


def corrected(pairs: Sequence[Pair]) -> list[Pair]:
    """The same pairs with Holm's correction for the number of them, figure by figure."""
    found = list(pairs)
    for figure in ("accuracy", "auc", "loss"):
        adjusted = holm([getattr(pair, figure).p for pair in found])
        found = [
            pair.model_copy(update={figure: getattr(pair, figure).model_copy(update={"p_holm": p})})
            for pair, p in zip(found, adjusted, strict=True)
        ]
    return found


def expect_same_pictures(first: str, second: str, one: PartView, other: PartView) -> None:
    """Refuse two stages that predicted different pictures.

    Raises:
        RunError: They did.
    """
    if not one.rows[KEYS].equals(other.rows[KEYS]):
        raise RunError(
            "every stage to have predicted the same pictures",
            f"{first} and {second} differ",
            "Train the later one anew.",
        )


def accuracy_difference(one: PartView, other: PartView) -> Difference:
    """What the second has gained in accuracy: McNemar's test, sign flips where clustered.

    Args:
        one: A part as one model sees it.
        other: The same pictures as another does.
    """
    n, sides = len(one.rows), mcnemar(one.right, other.right)
    if not n:
        return Difference(value=None, interval=None, p=None)
    gains = other.right.astype(np.float64) - one.right
    return Difference(
        value=(sides.gained - sides.lost) / n,
        # Without a single change, resampling would claim to be certain.
        interval=percentile(other.accuracies - one.accuracies)
        if sides.gained + sides.lost
        else None,
        p=sign_flip(gains, one.group, seed=one.seed) if one.clustered else sides.p,
    )


def ranking_difference(one: PartView, other: PartView) -> Difference:
    """What the second has gained in AUC: DeLong's test, resamples where clustered (see above)."""
    auc = auc_difference(one.truth, one.probability, other.probability)
    if auc is None:
        return Difference(value=None, interval=None, p=None)
    if not one.clustered:
        return Difference(value=auc.difference, interval=auc.interval, p=auc.p)
    resampled = other.resampled["auc"] - one.resampled["auc"]
    interval = percentile(resampled)
    return Difference(
        value=auc.difference,
        interval=None if is_point(interval) else interval,
        p=bootstrap_p(resampled),
    )


def _pair(
    first: str,
    second: str,
    part: HeldOut,
    views: Mapping[str, PartView],
    consecutive: bool,
) -> Pair:
    one, other = views[first], views[second]
    expect_same_pictures(first, second, one, other)
    n = len(one.rows)
    sides = mcnemar(one.right, other.right)
    differences = other.losses - one.losses
    finite = bool(n) and bool(np.isfinite(differences).all())
    return Pair(
        first=first,
        second=second,
        part=part,
        consecutive=consecutive,
        n=n,
        groups=one.bootstrap.groups,
        gained=sides.gained,
        lost=sides.lost,
        accuracy=accuracy_difference(one, other),
        auc=ranking_difference(one, other),
        loss=Difference(
            value=float(differences.mean()) if finite else None,
            interval=percentile(other.mean_losses - one.mean_losses) if finite else None,
            p=sign_flip(differences, one.group, seed=one.seed),
        ),
    )
