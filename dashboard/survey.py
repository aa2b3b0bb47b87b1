"""The data set in use: its folder as it was read, and the choices made about it."""

from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from core.data.duplicates import group_near_copies
from core.data.index import Dataset, Entry, class_names, index_folder, infer_positive
from dashboard import resources, state
from dashboard.tasks import Report, Task

Groups = dict[str, int]
"""The group of near copies of every file (see `core.data.duplicates`)."""


@dataclass(frozen=True)
class Survey:
    """A folder that has been read.

    Attributes:
        dataset: Its scans. Which class is positive is settled by `with_choices`.
        certain: Whether the names of the classes tell which is the positive one.
        origin: Stands for the folder as it was read.
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
    origin = f"{root}|{_stamp(root)}"
    return resources.tasks().start(("survey", origin), lambda report: read(root, origin, report))


def read(root: Path, origin: str, report: Report) -> Survey:
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
    return Survey(dataset, positive is not None, origin)


def groups_of(survey: Survey) -> Task[Groups]:
    """The search for near copies in the background, which takes longer than reading."""
    dataset = survey.dataset

    def search(report: Report) -> Groups:
        return group_near_copies(
            dataset.root,
            dataset.entries,
            progress=lambda done, total: report("Looking for near copies", done, total),
        )

    return resources.tasks().start(("groups", survey.origin), search)


def near_copies(dataset: Dataset, groups: Groups) -> list[list[Entry]]:
    """The groups of two scans and more, the largest first."""
    members: dict[int, list[Entry]] = {}
    for entry in dataset.entries:
        members.setdefault(groups[entry.file], []).append(entry)
    return sorted((g for g in members.values() if len(g) > 1), key=len, reverse=True)


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
