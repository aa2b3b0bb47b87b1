"""The run folder: everything a training job leaves behind, and all that others read of it.

    run/
      config.json      what was asked for: protocol, data, weights
      split.csv        one row a picture: file, view, sha256, label, group, split, crop
      status.json      where the job is, with a heartbeat
      history.csv      one row an epoch, with its stage
      log.txt          what the job said
      stages/NAME/     model.keras, predictions.csv, metrics.json
      baselines/NAME/  predictions.csv, of validation and test

The job writes, everybody else reads; every file is written whole. Figures are derived from
`predictions.csv` and `history.csv` alone, so that no two views can disagree.
"""

import json
import os
import platform
import re
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import platformdirs
from pydantic import Field, ValidationError

from core.config import Frozen, Protocol
from core.data.patients import Patients
from core.errors import RunError, SettingError
from core.process import is_alive
from core.storage import write_text

if TYPE_CHECKING:
    from core.training.crossval import CrossValidation

HISTORY_COLUMNS = [
    "stage",
    "epoch",
    "loss",
    "accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "seconds",
    "best",
]
PREDICTION_COLUMNS = ["file", "view", "split", "label", "probability"]

COMPUTING_PREFIX = "Computing what the frozen layers see"
"""Activity of a job that fills the cache."""
FITTING_BASELINES = "Fitting baselines"
"""Activity of a job that fits what its network has to beat."""

State = Literal["new", "queued", "running", "stopped", "finished", "failed", "interrupted"]
ACTIVE: tuple[State, ...] = ("queued", "running")


class RunData(Frozen):
    """The data set of a run, by reference: scans stay where they are, and so do patients."""

    root: str
    negative: str
    positive: str
    already_split: bool
    already_cropped: bool
    patients: Patients | None = None


class RunWeights(Frozen):
    """What VGG19 started from."""

    source: Literal["file", "keras", "random"]
    sha256: str | None


class RunConfig(Frozen):
    """What a run was asked to do. `weights` is filled in by the job once they are found."""

    name: str
    created: str
    protocol: Protocol
    data: RunData
    weights_path: str | None = None
    weights: RunWeights | None = None
    cached: bool = True
    keeps_all_models: bool = Field(
        True, description="otherwise a model goes when the stage after it is finished"
    )
    versions: dict[str, str] = Field(default_factory=dict)


class RunStatus(Frozen):
    """Where a job is. Times are Unix seconds; durations are seconds."""

    state: State = "new"
    requested: tuple[str, ...] = ()
    """Stages that the job was asked for and has not finished, in order."""
    stage: str | None = None
    activity: str = ""
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    pictures_per_second: float | None = None
    stage_seconds_left: float | None = None
    run_seconds_left: float | None = None
    pid: int | None = None
    process_started: float | None = None
    heartbeat: float | None = None
    message: str = ""

    @property
    def active(self) -> bool:
        """Whether the job waits or works."""
        return self.state in ACTIVE


class Run:
    """One run folder, read afresh at each question."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Run({self.name!r})"

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def config(self) -> RunConfig:
        """What the run was asked to do.

        Raises:
            RunError: The file is missing or damaged.
        """
        try:
            return RunConfig.model_validate_json((self.path / "config.json").read_bytes())
        except (OSError, ValidationError) as error:
            raise RunError(
                "a run folder with a readable config.json",
                f"the one of run '{self.name}' cannot be read",
                "Delete the run, or restore its folder from a copy.",
            ) from error

    @property
    def recorded_status(self) -> RunStatus:
        """The status as the job last wrote it."""
        try:
            return RunStatus.model_validate_json((self.path / "status.json").read_bytes())
        except FileNotFoundError:
            return RunStatus()
        except (OSError, ValidationError):
            return RunStatus(state="interrupted", message="its status cannot be read")

    @property
    def status(self) -> RunStatus:
        """The status, with a job that died with work left recognised as interrupted."""
        status = self.recorded_status
        if status.active and not is_alive(status.pid, status.process_started):
            left = "interrupted" if status.requested else "finished"
            return status.model_copy(update={"state": left})
        return status

    @property
    def protocol(self) -> Protocol:
        """The protocol of the run."""
        return self.config.protocol

    @property
    def positive(self) -> str:
        """Name of the positive class."""
        return self.config.data.positive

    @property
    def classes(self) -> tuple[str, str]:
        """Names of the negative and the positive class, in the order of the softmax."""
        return self.config.data.negative, self.config.data.positive

    def split(self) -> pd.DataFrame:
        """One row a picture (see `core.data.splits.SPLIT_COLUMNS`); empty before it is made."""
        table = _read_table(self.path / "split.csv", ["file", "view", "label", "group", "split"])
        return table.fillna({"split": ""})

    def history(self) -> pd.DataFrame:
        """One row an epoch, in the order of the protocol's stages."""
        table = _read_table(self.path / "history.csv", HISTORY_COLUMNS)
        order = {stage.name: i for i, stage in enumerate(self.protocol.stages)}
        return table.sort_values(
            ["stage", "epoch"], key=lambda c: c.map(order) if c.name == "stage" else c
        ).reset_index(drop=True)

    def stage_path(self, stage: str) -> Path:
        """Folder of a stage."""
        return self.path / "stages" / stage

    def model_path(self, stage: str) -> Path:
        """The stage's best checkpoint."""
        return self.stage_path(stage) / "model.keras"

    def finished_stages(self) -> list[str]:
        """Stages that have been trained and evaluated, in order. Metrics are written last."""
        return [
            stage.name
            for stage in self.protocol.stages
            if (self.stage_path(stage.name) / "metrics.json").is_file()
        ]

    def predictions(self, stage: str) -> pd.DataFrame:
        """One row a picture: file, view, split, label, probability of the positive class.

        Raises:
            RunError: The stage is not finished.
        """
        self._expect_finished(stage)
        return _read_table(self.stage_path(stage) / "predictions.csv", PREDICTION_COLUMNS)

    def metrics(self, stage: str) -> dict[str, Any]:
        """What the job recorded of a finished stage.

        Raises:
            RunError: The stage is not finished.
        """
        self._expect_finished(stage)
        record: dict[str, Any] = json.loads((self.stage_path(stage) / "metrics.json").read_text())
        return record

    def baseline_path(self, baseline: str) -> Path:
        """Predictions of a simple method (see `core.training.baselines`)."""
        return self.path / "baselines" / baseline / "predictions.csv"

    def baseline_predictions(self, baseline: str) -> pd.DataFrame | None:
        """As `predictions`, of validation and test only; none where it was not fitted."""
        path = self.baseline_path(baseline)
        return _read_table(path, PREDICTION_COLUMNS) if path.is_file() else None

    def _expect_finished(self, stage: str) -> None:
        finished = self.finished_stages()
        if stage not in finished:
            raise RunError(
                f"a finished stage of run '{self.name}' ({', '.join(finished) or 'none yet'})",
                f"'{stage}' was asked for",
                "Train that stage first, or choose a finished one.",
            )

    @property
    def stop_request(self) -> Path:
        """A file whose being there asks the job to stop."""
        return self.path / "stop"

    def write_split(self, table: pd.DataFrame) -> None:
        """Replace the list of pictures and their parts."""
        write_text(self.path / "split.csv", table.to_csv(index=False))

    def write_config(self, config: RunConfig) -> None:
        """Replace the configuration."""
        write_text(self.path / "config.json", config.model_dump_json(indent=2))

    def write_status(self, status: RunStatus) -> None:
        """Replace the status."""
        write_text(self.path / "status.json", status.model_dump_json(indent=2))

    def write_history(self, table: pd.DataFrame) -> None:
        """Replace the history."""
        write_text(self.path / "history.csv", table[HISTORY_COLUMNS].to_csv(index=False))

    def archive_stage(self, stage: str) -> None:
        """Put the results of a stage aside, that it can be repeated; nothing is deleted."""
        folder = self.stage_path(stage)
        if not folder.exists():
            return
        history = self.history()
        history[history["stage"] == stage].to_csv(folder / "history.csv", index=False)
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        target = self.path / "archive" / f"{stage}-{moment}"
        target.parent.mkdir(exist_ok=True)
        folder.rename(target)
        self.write_history(history[history["stage"] != stage])

    def expect_idle(self) -> None:
        """Refuse to go on while the run is at work.

        Raises:
            RunError: It is.
        """
        status = self.status
        if status.active:
            raise RunError(
                "a run that is not at work", f"'{self.name}' is {status.state}", "Stop it first."
            )

    def delete(self) -> None:
        """Remove the run and all its models, for good (see `core.training.library.delete`).

        Raises:
            RunError: It is at work.
        """
        self.expect_idle()
        shutil.rmtree(self.path)


class Workspace:
    """Where runs, the cache and the demonstration set live."""

    def __init__(self, path: Path) -> None:
        self.path = path

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
        folders = (self.path / "runs").glob("*/config.json")
        made = [(file.stat().st_mtime, Run(file.parent)) for file in folders]
        return [run for _, run in sorted(made, key=lambda pair: (-pair[0], pair[1].name))]

    def run(self, name: str) -> Run:
        """The run of this name.

        Raises:
            RunError: There is none.
        """
        run = Run(self.path / "runs" / name)
        if not _NAME.fullmatch(name) or not (run.path / "config.json").is_file():
            known = ", ".join(r.name for r in self.runs()[:8]) or "none yet"
            raise RunError(
                f"the name of a run in {self.path} ({known})",
                f"'{name}' was given",
                "Choose one of the list, or train a run first.",
            )
        return run

    def crossvals(self) -> "list[CrossValidation]":
        """All cross-validations, newest first."""
        from core.training.crossval import CONFIG, CrossValidation  # they are made of runs

        files = (self.path / "crossvals").glob(f"*/{CONFIG}")
        made = [(file.stat().st_mtime, CrossValidation(file.parent)) for file in files]
        return [found for _, found in sorted(made, key=lambda pair: (-pair[0], pair[1].name))]

    def crossval(self, name: str) -> "CrossValidation":
        """The cross-validation of this name.

        Raises:
            RunError: There is none.
        """
        found = {crossval.name: crossval for crossval in self.crossvals()}
        if name not in found:
            raise RunError(
                f"the name of a cross-validation in {self.path} "
                f"({', '.join(list(found)[:8]) or 'none yet'})",
                f"'{name}' was given",
                "Choose one of the list, or start one.",
            )
        return found[name]

    def create(
        self,
        protocol: Protocol,
        data: RunData,
        *,
        name: str | None = None,
        weights_path: Path | None = None,
        cached: bool = True,
    ) -> Run:
        """Make the folder of a new run.

        Args:
            protocol: What to do.
            data: On which scans.
            name: Letters, digits, dot, dash and underscore; by default protocol and date.
            weights_path: VGG19 weights to start from; none means the usual order.
            cached: Whether the outputs of frozen layers are kept on disk.

        Raises:
            SettingError: The name is not usable or taken.
        """
        folder = self.new_folder("runs", name, protocol.name)
        return write_run(folder, protocol, data, weights_path=weights_path, cached=cached)

    def new_folder(self, room: str, name: str | None, stem: str) -> Path:
        """Make an empty folder in `room` ("runs" or "crossvals"), whose name is in neither.

        Args:
            room: Where.
            name: None for the stem, the date and a number.
            stem: Of such a name.

        Raises:
            SettingError: The name is not usable or taken.
        """
        name = name or self._free_name(f"{stem}-{datetime.now(UTC):%Y-%m-%d}")
        self.expect_free(name)
        folder = self.path / room / name
        folder.mkdir(parents=True)
        return folder

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
        if self._is_taken(name):
            raise SettingError(
                "a run name that is free", f"'{name}' exists", "Choose another name."
            )

    def _is_taken(self, name: str) -> bool:
        return any((self.path / room / name).exists() for room in ("runs", "crossvals"))

    def _free_name(self, stem: str) -> str:
        number = 1
        while self._is_taken(f"{stem}-{number}"):
            number += 1
        return f"{stem}-{number}"


def write_run(
    folder: Path,
    protocol: Protocol,
    data: RunData,
    *,
    weights_path: Path | None = None,
    cached: bool = True,
    keeps_all_models: bool = True,
) -> Run:
    """Make a run of a folder; its configuration is written last (see `Workspace.create`)."""
    run = Run(folder)
    run.write_status(RunStatus())
    run.write_config(
        RunConfig(
            name=run.name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            protocol=protocol,
            data=data,
            weights_path=str(weights_path.resolve()) if weights_path else None,
            cached=cached,
            keeps_all_models=keeps_all_models,
            versions=_versions(),
        )
    )
    return run


_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


def default_workspace() -> Path:
    """`NEUROSTAGE_WORKSPACE`, else the platform's folder for a program's data."""
    named = os.environ.get("NEUROSTAGE_WORKSPACE")
    return Path(named) if named else platformdirs.user_data_path("NeuroStage", appauthor=False)


def _versions() -> dict[str, str]:
    """Versions of what decides a number."""
    libraries = ("keras", "tensorflow", "numpy", "opencv-python-headless", "pillow")
    found = {"python": platform.python_version()}
    for library in libraries:
        with suppress(metadata.PackageNotFoundError):
            found[library] = metadata.version(library)
    return found


def _read_table(path: Path, columns: list[str]) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype={"file": str, "label": str, "stage": str})
    except FileNotFoundError:
        return pd.DataFrame(columns=columns)
