"""The mark of a run whose split leaks: in sight wherever its results are shown or exported.

It follows from the run's own `split.csv` at each question and is stored nowhere, so that it
cannot be lost on the way or disagree with what was trained.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.data.duplicates import known_to_validation, leakage
from core.evaluation.percent import percent
from core.training.runs import Run

if TYPE_CHECKING:
    import pandas as pd


def leakage_of(run: Run) -> dict[str, float]:
    """Share of the pictures of validation and test that share a group with one in training.

    Returns:
        {"validation": share, "test": share}, 0–1 (see `core.data.duplicates.leakage`).
    """
    return leakage(_grouped(run))


def mark_of(run: Run) -> str | None:
    """The mark of a run, a sentence; none when its split does not leak."""
    split = _grouped(run)
    return mark(
        leakage(split),
        patients=run.config.data.patients is not None,
        chosen_by=known_to_validation(split),
    )


def _grouped(run: Run) -> "pd.DataFrame":
    split = run.split()
    # Views of a file are copies in any case.
    return split if "group" in split else split.assign(group=split["file"])


def mark(
    leaks: Mapping[str, float], *, patients: bool = False, chosen_by: float = 0.0
) -> str | None:
    """What must be said of results whose split leaks so much, in a sentence.

    Args:
        leaks: Share of the pictures that leaked, 0–1, by part.
        patients: Whether groups hold the scans of a patient besides copies.
        chosen_by: Share of the test pictures that are known to validation, 0–1 (see
            `core.data.duplicates.known_to_validation`).
    """
    what = "a copy, or another scan of their patient," if patients else "a copy"
    leaking = {part: share_in_words(share) for part, share in leaks.items() if share > 0}
    chosen = (
        f"{share_in_words(chosen_by)} of the test pictures have {what} in validation, by which "
        "epoch, stage and threshold are chosen; test figures flatter."
    )
    if not leaking:
        return f"Leaky: {chosen}" if chosen_by else None
    if len(leaking) > 1 and len(set(leaking.values())) == 1:
        which = f"{next(iter(leaking.values()))} of the {' and '.join(leaking)} pictures"
    else:
        which = " and ".join(f"{share} of the {part}" for part, share in leaking.items())
        which += " pictures"
    whole = "" if leaks.get("test") == 1 else " in part"
    said = f"Leaky: {which} have {what} in training; these numbers measure memory{whole}."
    # Test that is in training altogether can hardly be flattered further.
    return f"{said} {chosen}" if chosen_by and leaks.get("test") != 1 else said


def share_in_words(share: float) -> str:
    """A share of a leak: all of it without digits behind the point."""
    return percent(share, digits=0 if share in (0, 1) else 1)
