"""What one answer is worth: how right a stage was where it called the same, most nearly as surely.

A calibrated probability promises something of many answers. Who reads a single one is better
served by its precedents: the test scans that got the same call with nearly the same probability,
and how many of them it was right for.
"""

import pandas as pd
from pydantic import Field

from core.config import Frozen
from core.evaluation.intervals import Interval, wilson
from core.evaluation.metrics import THRESHOLD, probability, truth
from core.evaluation.percent import per_cent

MOST = 20
"""Precedents that are looked at. Were there more, the farthest would have little to do with the
answer; with fewer no interval says anything."""

COIN = 0.5
"""How often a coin is right between two classes."""

CLEAR = 0.75
"""Share of right calls that would be no coin's, were there `MOST` of them."""


class Precedents(Frozen):
    """Test scans that a stage called the same, nearly as surely. Near copies count once."""

    n: int = Field(description="how many; 20 at most, those nearest in probability")
    right: int = Field(description="of them called right")
    interval: Interval = Field(description="Wilson's, of that share")
    least: float = Field(description="lowest probability of the called class among them")
    most: float = Field(description="highest one")

    @property
    def open(self) -> bool:
        """Whether so many right calls could have come from a coin: the answer settles nothing."""
        return self.interval[0] <= COIN


def precedents(
    test: pd.DataFrame, positive: str, p: float, group: str | None = None
) -> Precedents | None:
    """Find the precedents of an answer.

    Args:
        test: The stage's predictions of test, which had no say in training it: columns `label`,
            `probability` and `group` (see `core.evaluation.groups.grouped`).
        positive: Name of the positive class.
        p: Probability of the positive class in the answer.
        group: The scan's own group of near copies, which is no precedent of itself.

    Returns:
        None where nothing in test was called so.
    """
    said = p >= THRESHOLD
    rows = test.assign(
        right=truth(test, positive) == said,
        called=probability(test) >= THRESHOLD,
        sureness=probability(test) if said else 1 - probability(test),
        far=abs(probability(test) - p),
    )
    rows = rows[(rows["called"] == said) & (rows["group"] != group)]
    rows = rows.sort_values(["far", "group"], kind="stable").drop_duplicates("group").head(MOST)
    n, right = len(rows), int(rows["right"].sum())
    interval = wilson(right, n)
    if interval is None:
        return None
    return Precedents(
        n=n,
        right=right,
        interval=interval,
        least=float(rows["sureness"].min()),
        most=float(rows["sureness"].max()),
    )


def in_words(found: Precedents, label: str) -> str:
    """Precedents as a sentence, with what chance could do where it could do as well.

    Args:
        found: The precedents.
        label: What was called.
    """
    low, high = (100 * share for share in found.interval)
    least, most = (min(99.9, 100 * sure) for sure in (found.least, found.most))  # never all of it
    said = (
        f"Of {found.n} calls of '{label}' on test scans, the nearest in probability "
        f"({least:.1f} to {most:.1f} %), {found.right} were right: "
        f"{per_cent(found.right / found.n, 0)} % ({low:.0f}–{high:.0f})."
    )
    if not found.open:
        return said
    if found.right >= CLEAR * found.n:
        return f"{said} Too few to rule out chance."
    return f"{said} Chance might do as well: this call settles nothing."
