"""Paired tests between two models on the same pictures, and the correction for many of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.contingency_tables import mcnemar as exact_mcnemar
from statsmodels.stats.multitest import multipletests

from core.evaluation.metrics import Floats, Truth

ALPHA = 0.05


@dataclass(frozen=True)
class McNemar:
    """Pictures that changed sides between two models.

    Attributes:
        gained: Wrong in the first, right in the second.
        lost: Right in the first, wrong in the second.
        p: Exact, two-sided; 1 when none changed.
    """

    gained: int
    lost: int
    p: float


def mcnemar(right_first: Truth, right_second: Truth) -> McNemar:
    """McNemar's exact test (1947) of equal accuracy: are gains and losses a fair coin?

    Args:
        right_first: bool (n,), whether the first model called each picture right.
        right_second: The same of the second.
    """
    gained = int((~right_first & right_second).sum())
    lost = int((right_first & ~right_second).sum())
    table = np.array([[0, lost], [gained, 0]])
    p = float(exact_mcnemar(table, exact=True).pvalue) if gained + lost else 1.0
    return McNemar(gained, lost, min(1.0, p))


def sign_flip(
    differences: Floats,
    groups: NDArray[np.generic],
    *,
    seed: int,
    alternative: Literal["two-sided", "greater"] = "two-sided",
    tosses: int = 9999,
) -> float | None:
    """Test by sign flips that paired differences are centred on nought, group by group.

    If two models were equally good, either could have had either loss of a scan: the sign of
    the difference would be a coin toss. Pictures of one group are tossed together (exchange
    blocks; Winkler, Webster, Vidaurre, Nichols & Smith, 2015, NeuroImage 123). Random tosses
    never give p = 0 (Phipson & Smyth, 2010).

    Args:
        differences: (n,), the second model's loss minus the first's, picture by picture.
        groups: (n,), which pictures belong together.
        seed: Of the tosses.
        alternative: "greater" asks whether the second loses more, "two-sided" whether they
            differ.
        tosses: How many.

    Returns:
        p; none without a picture or when a difference is not a number.
    """
    if not len(differences) or not np.isfinite(differences).all():
        return None
    _, member = np.unique(groups, return_inverse=True)
    sums = np.bincount(member, differences)
    total, rounding = sums.sum(), 1e-12 * np.abs(sums).sum()
    rng = np.random.default_rng(seed)
    more = less = 1
    chunk = max(1, 4_000_000 // len(sums))  # some 32 MB at a time
    for start in range(0, tosses, chunk):
        heads = rng.integers(0, 2, (min(chunk, tosses - start), len(sums)), dtype=np.int8)
        flipped = 2 * (heads @ sums) - total
        more += int((flipped >= total - rounding).sum())
        less += int((flipped <= total + rounding).sum())
    extreme = more if alternative == "greater" else min(2 * min(more, less), tosses + 1)
    return extreme / (tosses + 1)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's correction (1979) for the number of tests; those that are None stay so."""
    known = [i for i, p in enumerate(p_values) if p is not None]
    corrected: list[float | None] = [None] * len(p_values)
    if known:
        _, adjusted, _, _ = multipletests([p_values[i] for i in known], method="holm")
        for i, p in zip(known, adjusted, strict=True):
            corrected[i] = float(p)
    return corrected
