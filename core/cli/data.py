"""`inspect`: what a folder of scans holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.cli.options import Cropped, Folder, Json, PatientPattern, PatientTable, Positive
from core.cli.terminal import answer, answers, note, progress_bar, table
from core.data.duplicates import Copies, audit, find_copies, own_leakage
from core.data.index import Dataset, index_folder
from core.data.patients import Patients, divided, join_patients
from core.evaluation.percent import percent

GROUPS_SHOWN = 8
"""How many groups of files are named to people; all of them are in the JSON."""


def inspect(
    folder: Folder,
    positive: Positive = None,
    cropped: Cropped = None,
    patient_table: PatientTable = None,
    patient_pattern: PatientPattern = None,
    as_json: Json = False,
) -> None:
    """Say what a folder of scans holds.

    Classes, parts, copies and what they leak, and what cannot be read and why.
    """
    patients = Patients.given(patient_table, patient_pattern)
    dataset, copies, known = _read(folder, positive, cropped, patients)
    found = _as_json(dataset, copies, known)
    if as_json:
        answer(found)
    else:
        _show(found, {entry.file: entry.label for entry in dataset.entries})


def read_folder(
    folder: Path, positive: str | None, cropped: bool | None, patients: Patients | None = None
) -> tuple[Dataset, dict[str, int]]:
    """The scans of a folder, and the group of each: its copies and the scans of its patient.

    Bars are shown meanwhile, and copies with two labels are named on stderr.
    """
    dataset, copies, known = _read(folder, positive, cropped, patients)
    contradictory = audit(dataset, copies).across_classes
    if contradictory:
        note(_contradiction(len(contradictory)))
        for group in contradictory[:GROUPS_SHOWN]:
            note(f"  {', '.join(group)}")
    return dataset, join_patients(copies.groups, known)


def _read(
    folder: Path, positive: str | None, cropped: bool | None, patients: Patients | None
) -> tuple[Dataset, Copies, dict[str, str]]:
    """The scans of a folder, the copies among them, and the patients that are known."""
    with progress_bar("Reading scans") as progress:
        dataset = index_folder(folder, positive, cropped, progress)
    known = patients.find(dataset) if patients else {}
    with progress_bar("Looking for copies") as progress:
        copies = find_copies(dataset.root, dataset.entries, progress)
    return dataset, copies, known


def _as_json(dataset: Dataset, copies: Copies, patients: Mapping[str, str]) -> dict[str, Any]:
    found = audit(dataset, copies)
    return {
        "classes": dataset.counts(),
        "positive": dataset.positive,
        "unreadable": [{"file": u.file, "reason": u.reason} for u in dataset.unreadable],
        "splits": dataset.part_counts(),
        "already_cropped": dataset.already_cropped,
        "near_copies": {
            "scans": found.scans,
            "distinct": found.distinct,
            "in_train": found.leakage,
        },
        "duplicate_groups": [list(group) for group in found.near_copies],
        "exact_groups": [list(group) for group in found.exact_copies],
        "across_classes": [list(group) for group in found.across_classes],
        "across_parts": [list(group) for group in found.across_parts],
        "patients": {
            "scans": len(patients),
            "patients": len(set(patients.values())),
            "across_parts": list(divided(dataset, patients)),
        }
        if patients
        else None,
        "leakage": own_leakage(dataset, join_patients(copies.groups, patients)),
    }


def _show(found: dict[str, Any], labels: Mapping[str, str]) -> None:
    parts: dict[str, dict[str, int]] = found["splits"] or {}
    numbers = ("scans", *parts)
    shown = table("class", *numbers, numbers=numbers)
    for name, count in found["classes"].items():
        label = f"{name} (positive)" if name == found["positive"] else name
        shown.add_row(label, str(count), *(str(parts[part].get(name, 0)) for part in parts))
    answers.print(shown)
    answers.print(
        "\nThe scans are cropped to the brain already."
        if found["already_cropped"]
        else "\nThe scans are not cropped to the brain yet."
    )
    _show_copies(found)
    if found["across_classes"]:
        answers.print(f"\n{_contradiction(len(found['across_classes']))}\n")
        contradictory = table("group", "label", "file", numbers=("group",))
        for number, group in enumerate(found["across_classes"][:GROUPS_SHOWN], start=1):
            for file in group:
                contradictory.add_row(str(number), labels[file], file)
        answers.print(contradictory)
    if found["unreadable"]:
        answers.print()
        unread = table("reason", "cannot be read")
        for row in found["unreadable"]:
            unread.add_row(row["reason"], row["file"])
        answers.print(unread)


def _show_copies(found: dict[str, Any]) -> None:
    copies, patients = found["near_copies"], found["patients"]
    answers.print(
        f"{copies['distinct']} of {copies['scans']} scans are distinct; the others are near copies."
        if copies["distinct"] < copies["scans"]
        else "No scan is a near copy of another."
    )
    if found["duplicate_groups"]:
        answers.print(
            f"Groups of copies: {len(found['duplicate_groups'])}. With scans of the same pixels: "
            f"{len(found['exact_groups'])}. In both classes: {len(found['across_classes'])}."
            + (f" In several parts: {len(found['across_parts'])}." if found["splits"] else "")
        )
    if patients:
        answers.print(
            f"{patients['scans']} scans are of {patients['patients']} known patients."
            + (
                f" In several parts: {len(patients['across_parts'])} of them."
                if found["splits"]
                else ""
            )
        )
    what = "a copy or another scan of their patient" if patients else "a copy"
    for part, share in (found["leakage"] or {}).items():
        answers.print(f"{percent(share)} of the {part} scans have {what} in train.")


def _contradiction(groups: int) -> str:
    """What copies with two labels mean."""
    which = "1 group of copies is" if groups == 1 else f"{groups} groups of copies are"
    return f"{which} in both classes: one of the labels must be wrong."
