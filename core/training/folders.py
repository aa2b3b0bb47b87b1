"""The folder of a job: what a run and a cross-validation of runs have in common."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Generic, Literal, TypeVar

import filelock
from pydantic import ValidationError

from core.config import Frozen, Protocol
from core.data.patients import Patients
from core.errors import RunError
from core.storage import write_text

State = Literal["new", "queued", "running", "stopped", "finished", "failed", "interrupted"]
ACTIVE: tuple[State, ...] = ("running", "queued")


class RunData(Frozen):
    """The data set of a run, by reference: scans stay where they are, and so do patients."""

    root: str
    negative: str
    positive: str
    already_split: bool
    already_cropped: bool
    patients: Patients | None = None
    patients_known: float | None = None
    """Share of the scans whose patient is known; none without patients, and in older records."""

    @property
    def folder(self) -> str:
        """The name of the folder of scans. Its path, of whatever system, may name a person."""
        return self.root.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


class JobConfig(Frozen):
    """What any job was asked to do."""

    name: str
    created: str
    protocol: Protocol
    data: RunData
    weights_path: str | None = None
    cached: bool = True


class JobStatus(Frozen):
    """Where any job is, and why where that needs it."""

    state: State = "new"
    message: str = ""

    @property
    def active(self) -> bool:
        """Whether the job waits or works."""
        return self.state in ACTIVE


Config = TypeVar("Config", bound=JobConfig)


class JobFolder(ABC, Generic[Config]):
    """The folder of one job, read afresh at each question."""

    kind: ClassVar[str]
    """What it is, in a sentence."""
    room: ClassVar[str]
    """Folder of a workspace in which such folders lie."""
    config_file: ClassVar[str]
    """Its configuration; it is there when that file is."""
    config_type: type[Config]

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def config(self) -> Config:
        """What the job was asked to do.

        Raises:
            RunError: The file is missing or damaged.
        """
        try:
            return self.config_type.of_file(self.path / self.config_file)
        except (OSError, ValidationError) as error:
            raise RunError(
                f"a {self.kind} with a readable {self.config_file}",
                f"the {self.config_file} of '{self.name}' cannot be read",
                "Delete its folder, or restore it from a copy.",
            ) from error

    def write_config(self, config: Config) -> None:
        """Replace the configuration; with the first the job is there."""
        write_text(self.path / self.config_file, config.model_dump_json(indent=2))

    @property
    def protocol(self) -> Protocol:
        """The protocol; that of a fold has a seed of its own."""
        return self.config.protocol

    @property
    def positive(self) -> str:
        """Name of the positive class."""
        return self.config.data.positive

    @property
    @abstractmethod
    def status(self) -> JobStatus:
        """Where it is."""

    @abstractmethod
    def finished_stages(self) -> list[str]:
        """Stages that are finished, in order."""

    def expect_idle(self) -> None:
        """Refuse to go on while the job is at work.

        Raises:
            RunError: It is.
        """
        status = self.status
        if status.active:
            raise RunError(
                f"a {self.kind} that is not at work",
                f"'{self.name}' is {status.state}",
                "Stop it first.",
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the job: it is not at work, and nobody starts or moves it meanwhile.

        Two processes that train one run would undo each other's work.

        Raises:
            RunError: It is at work.
        """
        with filelock.FileLock(self.path.parent.parent / "starting.lock"):
            self.expect_idle()
            yield

    def delete(self) -> None:
        """Remove the folder with all its models, for good (see `core.training.run_library.delete`).

        Raises:
            RunError: It is at work.
        """
        self.expect_idle()
        shutil.rmtree(self.path)
