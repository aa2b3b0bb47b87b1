"""The data set in use: its folder as it was read, and the choices made about it."""

from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from core.data.duplicates import group_near_copies
from core.data.index import Dataset, Entry, class_names, index_folder, infer_positive
from dashboard import resources, state
from dashboard.tasks import Report, Task


@dataclass(frozen=True)
class Survey:
    """A folder that has been read.

    Attributes:
        dataset: Its scans. Which class is positive is settled by `with_choices`.
        groups: The group of near copies of every file.
        certain: Whether the names of the classes tell which is the positive one.
        key: Of caches: changes whenever anything above does.
    """

    dataset: Dataset
    groups: dict[str, int]
    certain: bool
    key: str

    def with_choices(self, positive: str, cropped: bool) -> "Survey":
        """The same scans with this positive class, cropped already or not."""
        negative = next(name for name in self.dataset.classes if name != positive)
        dataset = replace(self.dataset, classes=(negative, positive), already_cropped=cropped)
        return replace(self, dataset=dataset, key=f"{self.key}|{positive}|{cropped}")

    def near_copies(self) -> list[list[Entry]]:
        """The groups of two and more, the largest first."""
        members: dict[int, list[Entry]] = {}
        for entry in self.dataset.entries:
            members.setdefault(self.groups[entry.file], []).append(entry)
        return sorted((g for g in members.values() if len(g) > 1), key=len, reverse=True)


def task_for(root: Path) -> Task[Survey]:
    """The reading of a folder in the background, started if need be."""
    key = f"{root}|{_stamp(root)}"
    return resources.tasks().start(("survey", key), lambda report: read(root, key, report))


def read(root: Path, key: str, report: Report) -> Survey:
    """Read a folder and look for near copies.

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
    groups = group_near_copies(
        root,
        dataset.entries,
        progress=lambda done, total: report("Looking for near copies", done, total),
    )
    return Survey(dataset, groups, positive is not None, key)


def folder() -> Path | None:
    """The folder in use."""
    chosen = state.get(state.FOLDER)
    return Path(chosen).expanduser() if chosen else None


def settled(survey: Survey) -> Survey | None:
    """The survey with the choices made about it; none while it is open what is positive."""
    positive = chosen_positive(survey)
    return survey.with_choices(positive, chosen_cropped(survey)) if positive else None


def chosen_positive(survey: Survey) -> str | None:
    """The positive class: chosen, else inferred, else open."""
    chosen = state.get(state.POSITIVE)
    if chosen in survey.dataset.classes:
        return chosen
    return survey.dataset.positive if survey.certain else None


def chosen_cropped(survey: Survey) -> bool:
    """Whether the scans are cropped already: as said, else as measured."""
    said = st.session_state.get(state.CROPPED)
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
        return sorted(child for child in folder.iterdir() if child.is_dir())
    except OSError:
        return []
