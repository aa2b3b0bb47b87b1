"""The mark of a run whose split leaks: in sight wherever its results are shown or exported.

It follows from the run's own `split.csv` at each question and is stored nowhere, so that it
cannot be lost on the way or disagree with what was trained.
"""

from collections.abc import Mapping

from core.data.duplicates import leakage
from core.training.runs import Run


def leakage_of(run: Run) -> dict[str, float]:
    """Share of the pictures of validation and test that share a group with one in training.

    Returns:
        {"validation": share, "test": share}, 0–1 (see `core.data.duplicates.leakage`).
    """
    split = run.split()
    if "group" not in split:  # views of a file are copies in any case
        split = split.assign(group=split["file"])
    return leakage(split)


def mark_of(run: Run) -> str | None:
    """The mark of a run, a sentence; none when its split does not leak."""
    return mark(leakage_of(run), patients=run.config.data.patients is not None)


def mark(leaks: Mapping[str, float], *, patients: bool = False) -> str | None:
    """What must be said of results whose split leaks so much, in a sentence.

    Args:
        leaks: Share of the pictures that leaked, 0–1, by part.
        patients: Whether groups hold the scans of a patient besides copies.
    """
    leaking = {part: percent(share) for part, share in leaks.items() if share > 0}
    if not leaking:
        return None
    if len(leaking) > 1 and len(set(leaking.values())) == 1:
        which = f"{next(iter(leaking.values()))} of the {' and '.join(leaking)} pictures"
    else:
        which = " and ".join(f"{share} of the {part}" for part, share in leaking.items())
        which += " pictures"
    what = "a copy, or another scan of their patient," if patients else "a copy"
    whole = "" if leaks.get("test") == 1 else " in part"
    return f"Leaky: {which} have {what} in training; these numbers measure memory{whole}."


def percent(share: float) -> str:
    """A share of a leak: never all or none of it by rounding."""
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    return f"{min(99.9, max(0.1, 100 * share)):.1f} %"
