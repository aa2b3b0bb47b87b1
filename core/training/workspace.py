"""The workspace: where runs, cross-validations and all that they share live, and their names."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import platformdirs

from core.config import Protocol
from core.errors import RunError, SettingError
from core.training.crossval import CrossValidation
from core.training.folders import JobFolder, RunData
from core.training.runs import Run, write_run

if TYPE_CHECKING:
    import pandas as pd

JOBS: tuple[type[Run] | type[CrossValidation], ...] = (Run, CrossValidation)

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_Job = TypeVar("_Job", bound=JobFolder[Any])


class Workspace:
    """Where runs, the cache and the demonstration set live."""

    def __init__(self, path: Path) -> None:
        # The process that trains is at home elsewhere, and must find the same folder.
        self.path = path.absolute()

    @property
    def cache(self) -> Path:
        """Folder of the frozen-prefix cache."""
        return self.path / "cache"

    @property
    def demonstration(self) -> Path:
        """Folder of the demonstration set."""
        return self.path / "demonstration"

    @property
    def readings(self) -> Path:
        """Folder of what people said of the answers (see `core.readings.log`)."""
        return self.path / "readings"

    @property
    def lock(self) -> Path:
        """Held by the one job that trains."""
        return self.path / "training.lock"

    def runs(self) -> list[Run]:
        """All runs, newest first."""
        return self._all(Run)

    def run(self, name: str) -> Run:
        """The run of this name.

        Raises:
            RunError: There is none.
        """
        return self._named(Run, name)

    def crossvals(self) -> list[CrossValidation]:
        """All cross-validations, newest first."""
        return self._all(CrossValidation)

    def crossval(self, name: str) -> CrossValidation:
        """The cross-validation of this name.

        Raises:
            RunError: There is none.
        """
        return self._named(CrossValidation, name)

    def _all(self, job: type[_Job]) -> list[_Job]:
        files = (self.path / job.room).glob(f"*/{job.config_file}")
        made = [(file.stat().st_mtime, job(file.parent)) for file in files]
        return [found for _, found in sorted(made, key=lambda pair: (-pair[0], pair[1].name))]

    def _named(self, job: type[_Job], name: str) -> _Job:
        found = job(self.path / job.room / name)
        if not _NAME.fullmatch(name) or not (found.path / job.config_file).is_file():
            known = ", ".join(each.name for each in self._all(job)[:8]) or "none yet"
            raise RunError(
                f"the name of a {job.kind} in {self.path} ({known})",
                f"'{name}' was given",
                "Choose one of the list, or start one first.",
            )
        return found

    def create(
        self,
        protocol: Protocol,
        data: RunData,
        *,
        split: "pd.DataFrame | None" = None,
        name: str | None = None,
        weights_path: Path | None = None,
        cached: bool = True,
    ) -> Run:
        """Make the folder of a new run. What makes it one, its configuration, is written last.

        Args:
            protocol: What to do.
            data: On which scans.
            split: One row a picture, as `core.data.splits.plan_pictures` gives them.
            name: Letters, digits, dot, dash and underscore; by default protocol and date.
            weights_path: VGG19 weights to start from; none means the usual order.
            cached: Whether the outputs of frozen layers are kept on disk.

        Raises:
            SettingError: The name is not usable or taken.
        """
        with self.new_folder(Run, name, protocol.name) as folder:
            return write_run(
                folder, protocol, data, split=split, weights_path=weights_path, cached=cached
            )

    @contextmanager
    def new_folder(
        self, job: type[Run] | type[CrossValidation], name: str | None, stem: str
    ) -> Iterator[Path]:
        """Make an empty folder for a run or a cross-validation, whose name neither has.

        It goes again where the block fails: half a run would keep the name.

        Args:
            job: Which of the two.
            name: None for the stem, the date and a number.
            stem: Of such a name.

        Raises:
            SettingError: The name is not usable or taken.
        """
        name = name or self._free_name(f"{stem}-{datetime.now(UTC):%Y-%m-%d}")
        self.expect_free(name)
        folder = self.path / job.room / name
        folder.mkdir(parents=True)
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def expect_free(self, name: str) -> None:
        """Refuse a name that no new run could have.

        Raises:
            SettingError: The name is not usable or taken.
        """
        if not _NAME.fullmatch(name):
            raise SettingError(
                "a run name of letters, digits, dots, dashes and underscores (at most 64)",
                f"'{name}' was given",
                "Choose a plainer name.",
            )
        if taken := self._holder(name):
            raise SettingError(
                "a name that no run and no cross-validation has",
                f"a {taken} called '{name}' exists",
                "Choose another name.",
            )

    def _holder(self, name: str) -> str | None:
        """What has this name already, in a word or two."""
        for job in JOBS:
            if (self.path / job.room / name).exists():
                return job.kind
        return None

    def _free_name(self, stem: str) -> str:
        number = 1
        while self._holder(f"{stem}-{number}"):
            number += 1
        return f"{stem}-{number}"


def default_workspace() -> Path:
    """`NEUROSTAGE_WORKSPACE`, else the platform's folder for a program's data."""
    named = os.environ.get("NEUROSTAGE_WORKSPACE")
    return Path(named) if named else platformdirs.user_data_path("NeuroStage", appauthor=False)
