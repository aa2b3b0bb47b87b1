"""Shares for reading, so that no rounding makes all or nothing of what is neither."""

from core.evaluation.intervals import Interval

MOST = 6
"""Digits behind the point."""


def per_cent(share: float, digits: int = 1) -> str:
    """`97.1`; what is not 0 or 1 gets as many digits as it takes to tell it from them.

    Args:
        share: From 0 to 1.
        digits: Behind the point, where they suffice.
    """
    while 0 < share < 1 and digits < MOST and round(100 * share, digits) in (0, 100):
        digits += 1
    return f"{100 * share:.{digits}f}"


def percent(share: float | None, interval: Interval | None = None, *, digits: int = 1) -> str:
    """`97.1 %`, `97.1 % (93.0–98.9)`; a dash when it is not defined.

    Args:
        share: From 0 to 1; none where it is not defined.
        interval: Of the share; it is written with one digit.
        digits: Behind the point, where they suffice (see `per_cent`).
    """
    if share is None:
        return "–"
    spread = f" ({'–'.join(map(per_cent, interval))})" if interval else ""
    return f"{per_cent(share, digits)} %{spread}"
