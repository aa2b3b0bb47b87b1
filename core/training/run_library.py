"""The library of runs: what a person says of a run, its name, and runs that were put away.

    runs/NAME/about.json     shown name, note, pinned, archived; absent until something is said
    trash/NAME-TIME/         a deleted run, whole, for thirty days at least

What the job wrote of itself is never touched.
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import Field, ValidationError

from core.config import Frozen
from core.errors import RunError, SettingError
from core.storage import write_text
from core.training.runs import Run
from core.training.workspace import Workspace

KEPT = timedelta(days=30)
"""How long a deleted run is kept; the next deletion after that removes it for good."""

LONGEST_TITLE, LONGEST_NOTE = 80, 4000

_MOMENT = "%Y%m%dT%H%M%S%f"


class About(Frozen):
    """What a person says of a run."""

    title: str = Field("", max_length=LONGEST_TITLE, description="shown instead of its name")
    note: str = Field("", max_length=LONGEST_NOTE)
    pinned: bool = Field(False, description="stands first in lists")
    archived: bool = Field(False, description="out of sight until it is asked for")


def about(run: Run) -> About:
    """What is said of the run; nothing of one without a readable `about.json`."""
    try:
        return About.of_file(run.path / "about.json")
    except (OSError, ValidationError):
        return About()


def annotate(run: Run, **changes: object) -> About:
    """Say something else of the run, at work or not (see `About`); the rest stays.

    Raises:
        RunError: It is not there any more: deleted or renamed elsewhere.
        SettingError: There is no such field, or a text is too long.
    """
    kept = about(run)
    try:
        said = About.model_validate(kept.model_dump() | changes)
    except ValidationError as error:
        raise SettingError(
            f"a shown name of at most {LONGEST_TITLE} characters and a note of at most "
            f"{LONGEST_NOTE}",
            f"{error.errors()[0]['loc'][0]} was given something else",
            "Shorten it.",
        ) from error
    if not (run.path / run.config_file).is_file():  # its folder would be made anew
        raise RunError(
            f"a run called '{run.name}'",
            "it is not there any more",
            "Look for it in the trash, or under another name.",
        )
    if said != kept:
        write_text(run.path / "about.json", said.model_dump_json(indent=2))
    return said


def shown_name(run: Run) -> str:
    """What a person calls the run, or its name."""
    return about(run).title or run.name


def in_order(runs: Sequence[Run]) -> list[Run]:
    """Pinned runs first and archived ones last, otherwise as they were."""
    said = {run: about(run) for run in runs}
    return sorted(runs, key=lambda run: (said[run].archived, not said[run].pinned))


def rename(workspace: Workspace, run: Run, name: str) -> Run:
    """Give the run another name, which is that of its folder.

    Args:
        workspace: Where it lives.
        run: Not at work; another `Run` takes its place.
        name: As for a new run.

    Raises:
        RunError: It is at work, or a program holds one of its files.
        SettingError: The name is not usable or taken.
    """
    if name == run.name:
        return run
    with run.held():
        workspace.expect_free(name)
        return Run(_move(run.path, run.path.with_name(name)))


@dataclass(frozen=True)
class Trashed:
    """A deleted run that can be had back."""

    path: Path
    name: str
    deleted: datetime

    @classmethod
    def at(cls, path: Path) -> "Trashed | None":
        """The deleted run in this folder; none when its name is not that of one."""
        name, _, moment = path.name.rpartition("-")
        if not name or not re.fullmatch(r"\d{8}T\d{12}", moment):
            return None
        return cls(path, name, datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC))


def trash(workspace: Workspace) -> list[Trashed]:
    """Deleted runs that can be had back, the last deleted first."""
    folders = (workspace.path / "trash").glob("*/")
    found = [trashed for folder in folders if (trashed := Trashed.at(folder))]
    return sorted(found, key=lambda trashed: trashed.deleted, reverse=True)


def delete(workspace: Workspace, run: Run) -> Trashed:
    """Put the run into the trash, and remove for good what has lain there for `KEPT`.

    Raises:
        RunError: It is at work, or a program holds one of its files.
    """
    now = datetime.now(UTC)
    folder = workspace.path / "trash" / f"{run.name}-{now.strftime(_MOMENT)}"
    with run.held():
        folder.parent.mkdir(exist_ok=True)
        trashed = Trashed(_move(run.path, folder), run.name, now)
    empty(workspace, before=now - KEPT)
    return trashed


def restore(workspace: Workspace, trashed: Trashed) -> Run:
    """Put a deleted run back.

    Raises:
        RunError: It is in the trash no longer, or a program holds one of its files.
        SettingError: Another run has its name by now.
    """
    if not trashed.path.is_dir():
        raise RunError(
            f"'{trashed.name}' in the trash",
            "it is not there any more",
            "Look whether it is among the runs: somebody may have put it back.",
        )
    workspace.expect_free(trashed.name)
    folder = workspace.path / "runs" / trashed.name
    folder.parent.mkdir(parents=True, exist_ok=True)
    return Run(_move(trashed.path, folder))


def empty(workspace: Workspace, before: datetime) -> None:
    """Remove for good the runs that were deleted before this moment."""
    for trashed in trash(workspace):
        if trashed.deleted < before:
            shutil.rmtree(trashed.path, ignore_errors=True)


def _move(folder: Path, target: Path) -> Path:
    try:
        return folder.rename(target)
    except OSError as error:  # on Windows an open file holds its folder
        raise RunError(
            f"to move the folder of run '{folder.name}'",
            f"the system refused: {error.strerror}",
            "Close what has one of its files open, and try again.",
        ) from error
