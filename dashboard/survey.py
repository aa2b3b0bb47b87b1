"""The data set in use: its folder as it was read, and the choices made about it."""

import hashlib
import os
from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from core.data.duplicates import Copies, LeakAudit, audit, find_copies
from core.data.index import Dataset, class_names, index_folder, infer_positive
from core.data.patients import Patients, join_patients
from core.storage import typed, version
from dashboard import resources, state
from dashboard.tasks import Report, Task

Groups = dict[str, int]
"""The group of every file: its copies, and the scans of its patient where that is known."""


@dataclass(frozen=True)
class Survey:
    """A folder that has been read.

    Attributes:
        dataset: Its scans. Which class is positive is settled by `with_choices`.
        certain: Whether the names of the classes tell which is the positive one.
        origin: Stands for what was read.
        choices: Stands for what was chosen about it.
    """

    dataset: Dataset
    certain: bool
    origin: str
    choices: str = ""

    @property
    def key(self) -> str:
        """Of caches: changes whenever anything here does."""
        return f"{self.origin}|{self.choices}"

    def with_choices(self, positive: str, cropped: bool) -> "Survey":
        """The same scans with this positive class, cropped already or not."""
        negative = next(name for name in self.dataset.classes if name != positive)
        dataset = replace(self.dataset, classes=(negative, positive), already_cropped=cropped)
        return replace(self, dataset=dataset, choices=f"{positive}|{cropped}")


def task_for(root: Path) -> Task[Survey]:
    """The reading of a folder in the background, started if need be."""
    return resources.tasks().start(_key(root), lambda report: read(root, report))


def read_again(root: Path) -> None:
    """Have a folder read anew: that a file was changed in place, its folder does not tell."""
    resources.tasks().forget(_key(root))


def _key(root: Path) -> tuple[str, Path, str]:
    return "survey", root, _stamp(root)


def read(root: Path, report: Report) -> Survey:
    """Read every scan of a folder.

    Raises:
        DatasetError: It is not a data set of two classes.
    """
    names = class_names(root)
    positive = infer_positive(names) if len(names) == 2 else None
    dataset = index_folder(
        root,
        # The order of the classes is settled later; anything else about them is an error.
        positive or (names[-1] if names else None),
        progress=lambda done, total: report("Reading scans", done, total),
    )
    contents = repr((dataset.entries, dataset.unreadable))
    origin = f"{root}|{hashlib.sha256(contents.encode()).hexdigest()}"
    return Survey(dataset, positive is not None, origin)


def copies_of(survey: Survey) -> Task[Copies]:
    """The search for copies in the background, which takes longer than reading."""
    dataset = survey.dataset

    def search(report: Report) -> Copies:
        return find_copies(
            dataset.root,
            dataset.entries,
            progress=lambda done, total: report("Looking for near copies", done, total),
        )

    return resources.tasks().start(("copies", survey.origin), search)


def groups(survey: Survey, copies: Copies) -> Groups:
    """What must stay in one part: copies, joined by patients where they were given.

    Raises:
        NeuroStageError: What was given about patients does not fit the scans.
    """
    key = "groups", survey.origin, *_said_of_patients()
    return resources.kept(key, lambda: join_patients(copies.groups, known_patients(survey)))


def audit_of(survey: Survey, copies: Copies) -> LeakAudit:
    """What the copies do to the classes and to the folder's own split."""
    return resources.kept(("audit", survey.origin), lambda: audit(survey.dataset, copies))


def known_patients(survey: Survey) -> dict[str, str]:
    """The patient of every scan of which it is said, by file.

    Raises:
        NeuroStageError: What was given about patients does not fit the scans.
    """
    chosen = patients()
    if chosen is None:
        return {}
    key = "patients", survey.origin, *_said_of_patients()
    return resources.kept(key, lambda: chosen.find(survey.dataset))


def _said_of_patients() -> tuple[Hashable, ...]:
    chosen = patients()
    if chosen is None:
        return ()
    return chosen.pattern, chosen.table, chosen.table and version(Path(chosen.table))


def patients() -> Patients | None:
    """Where it is said which patient a scan is of; none when nothing was given.

    Raises:
        SettingError: A table and a pattern were given.
    """
    table = state.get(state.of_folder(state.PATIENT_TABLE))
    pattern = state.get(state.of_folder(state.PATIENT_PATTERN))
    return Patients.given(Path(table) if table else None, pattern)


def folder() -> Path | None:
    """The folder in use."""
    chosen = state.get(state.FOLDER)
    return typed(chosen) if chosen else None


def settled(survey: Survey) -> Survey | None:
    """The survey with the choices made about it; none while it is open what is positive."""
    positive = chosen_positive(survey)
    return survey.with_choices(positive, chosen_cropped(survey)) if positive else None


def chosen_positive(survey: Survey) -> str | None:
    """The positive class: chosen, else inferred, else open."""
    chosen = state.get(state.of_folder(state.POSITIVE))
    if chosen in survey.dataset.classes:
        return chosen
    return survey.dataset.positive if survey.certain else None


def chosen_cropped(survey: Survey) -> bool:
    """Whether the scans are cropped already: as said, else as measured."""
    said = st.session_state.get(state.of_folder(state.CROPPED))
    return survey.dataset.already_cropped if said is None else bool(said)


def _stamp(root: Path) -> str:
    """Changes when files come or go: the times of the folder and of two levels below it."""
    folders = [root, *_subfolders(root)]
    folders += [below for folder in folders[1:] for below in _subfolders(folder)]
    times = []
    for folder in folders:
        try:
            times.append(folder.stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return f"{len(times)}-{hash(tuple(times)):x}"


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as children:  # which knows what a child is without asking the disk
            return sorted(folder / child.name for child in children if child.is_dir())
    except OSError:
        return []
