"""Copies among the scans of a folder, and what they leak from one part into another."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from core.data.index import Entry


def group_near_copies(
    root: Path,  # noqa: ARG001
    entries: Sequence[Entry],
    progress: Callable[[int, int], None] | None = None,  # noqa: ARG001
) -> dict[str, int]:
    """The group of every file; near copies share a number."""
    numbers: dict[str, int] = {}
    for entry in entries:
        numbers.setdefault(entry.sha256, len(numbers))
    return {entry.file: numbers[entry.sha256] for entry in entries}


def leakage(table: pd.DataFrame) -> dict[str, float]:
    """Share of the scans of validation and test that have a copy in train.

    Args:
        table: Columns `group` and `split`.

    Returns:
        {"validation": share, "test": share}, 0–1; 0 for a part without scans.
    """
    trained = set(table.loc[table["split"] == "train", "group"])
    shares = {}
    for part in ("validation", "test"):
        groups = table.loc[table["split"] == part, "group"]
        shares[part] = float(groups.isin(trained).mean()) if len(groups) else 0.0
    return shares
