"""`inspect`: what a folder of scans holds."""

from pathlib import Path
from typing import Any

import pandas as pd

from core.cli.options import Cropped, Folder, Json, Positive
from core.cli.terminal import answer, answers, percent, progress_bar, table
from core.data.duplicates import group_near_copies, leakage
from core.data.index import Dataset, index_folder


def inspect(
    folder: Folder, positive: Positive = None, cropped: Cropped = None, as_json: Json = False
) -> None:
    """Say what a folder of scans holds.

    Classes, parts, near copies, and what cannot be read and why.
    """
    dataset, groups = read_folder(folder, positive, cropped)
    found = _as_json(dataset, groups)
    if as_json:
        answer(found)
    else:
        _show(found)


def read_folder(
    folder: Path, positive: str | None, cropped: bool | None
) -> tuple[Dataset, dict[str, int]]:
    """The scans of a folder and the group of near copies of each, with bars meanwhile."""
    with progress_bar("Reading scans") as progress:
        dataset = index_folder(folder, positive, cropped, progress)
    with progress_bar("Looking for copies") as progress:
        groups = group_near_copies(dataset.root, dataset.entries, progress)
    return dataset, groups


def _as_json(dataset: Dataset, groups: dict[str, int]) -> dict[str, Any]:
    rows = pd.DataFrame(
        {
            "group": [groups[entry.file] for entry in dataset.entries],
            "split": [entry.part for entry in dataset.entries],
        }
    )
    return {
        "classes": dataset.counts(),
        "positive": dataset.positive,
        "unreadable": [{"file": u.file, "reason": u.reason} for u in dataset.unreadable],
        "splits": dataset.part_counts(),
        "already_cropped": dataset.already_cropped,
        "near_copies": {
            "scans": len(rows),
            "distinct": int(rows["group"].nunique()),
            "in_train": leakage(rows) if dataset.already_split else None,
        },
    }


def _show(found: dict[str, Any]) -> None:
    parts: dict[str, dict[str, int]] = found["splits"] or {}
    numbers = ("scans", *parts)
    shown = table("class", *numbers, numbers=numbers)
    for name, count in found["classes"].items():
        label = f"{name} (positive)" if name == found["positive"] else name
        shown.add_row(label, str(count), *(str(parts[part].get(name, 0)) for part in parts))
    answers.print(shown)
    copies = found["near_copies"]
    answers.print(
        "\nThe scans are cropped to the brain already."
        if found["already_cropped"]
        else "\nThe scans are not cropped to the brain yet."
    )
    answers.print(
        f"{copies['distinct']} of {copies['scans']} scans are distinct; the others are near copies."
        if copies["distinct"] < copies["scans"]
        else "No scan is a near copy of another."
    )
    for part, share in (copies["in_train"] or {}).items():
        answers.print(f"{percent(share)} of the {part} scans have a near copy in train.")
    if found["unreadable"]:
        answers.print()
        unread = table("reason", "cannot be read")
        for row in found["unreadable"]:
            unread.add_row(row["reason"], row["file"])
        answers.print(unread)
