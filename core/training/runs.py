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
`predictions.csv` and `history.csv` alone, with the groups of `split.csv` for their intervals,
so that no two views can disagree.
"""

import csv
import json
import platform
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from core.config import Frozen, Protocol
from core.errors import RunError
from core.process import is_alive
from core.storage import read_bytes, version, write_text
from core.training.folders import JobConfig, JobFolder, JobStatus, RunData

if TYPE_CHECKING:
    import pandas as pd

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
TEXT = ("file", "label", "stage")
PREDICTION_COLUMNS = ["file", "view", "split", "label", "probability"]

COMPUTING_PREFIX = "Computing what the frozen layers see"
"""Activity of a job that fills the cache."""
FITTING_BASELINES = "Fitting baselines"
"""Activity of a job that fits what its network has to beat."""


class RunWeights(Frozen):
    """What VGG19 started from."""

    source: Literal["file", "keras", "random"]
    sha256: str | None


class RunConfig(JobConfig):
    """What a run was asked to do. `weights` is filled in by the job once they are found."""

    weights: RunWeights | None = None
    keeps_all_models: bool = Field(
        True, description="otherwise a model goes when the stage after it is finished"
    )
    versions: dict[str, str] = Field(default_factory=dict)


class RunStatus(JobStatus):
    """Where a run is. Times are Unix seconds; durations are seconds."""

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


class Run(JobFolder[RunConfig]):
    """One run folder, read afresh at each question."""

    kind = "run"
    room = "runs"
    config_file = "config.json"
    config_type = RunConfig

    @property
    def recorded_status(self) -> RunStatus:
        """The status as the job last wrote it."""
        try:
            return RunStatus.of_file(self.path / "status.json")
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
    def classes(self) -> tuple[str, str]:
        """Names of the negative and the positive class, in the order of the softmax."""
        return self.config.data.negative, self.config.data.positive

    def split(self) -> "pd.DataFrame":
        """One row a picture (see `core.data.splits.SPLIT_COLUMNS`); empty before it is made."""
        table = _read_table(self.path / "split.csv", ["file", "view", "label", "group", "split"])
        return table.fillna({"split": ""})

    def history(self) -> "pd.DataFrame":
        """One row an epoch, in the order of the protocol's stages."""
        table = _read_table(self.path / "history.csv", HISTORY_COLUMNS)
        order = {stage.name: i for i, stage in enumerate(self.protocol.stages)}
        return table.sort_values(
            ["stage", "epoch"], key=lambda c: c.map(order) if c.name == "stage" else c
        ).reset_index(drop=True)

    @property
    def history_version(self) -> tuple[int, ...] | None:
        """Differs after every epoch that is on record; none before the first."""
        return version(self.path / "history.csv")

    @property
    def seconds_trained(self) -> float:
        """How long all epochs on record took; read again only when there are more."""
        return _seconds(self.path / "history.csv", self.history_version)

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

    def expect_finished_stages(self) -> list[str]:
        """As `finished_stages`.

        Raises:
            RunError: There is none.
        """
        if names := self.finished_stages():
            return names
        raise RunError(
            "a run with at least one finished stage",
            f"'{self.name}' has none yet",
            "Wait for the first stage to end, or train one.",
        )

    def predictions(self, stage: str) -> "pd.DataFrame":
        """One row a picture: file, view, split, label, probability of the positive class.

        Raises:
            RunError: The stage is not finished, or its table is damaged.
        """
        self._expect_finished(stage)
        return _read_table(self.stage_path(stage) / "predictions.csv", PREDICTION_COLUMNS)

    def metrics(self, stage: str) -> dict[str, Any]:
        """What the job recorded of a finished stage.

        Raises:
            RunError: The stage is not finished, or its record is damaged.
        """
        self._expect_finished(stage)
        path = self.stage_path(stage) / "metrics.json"
        try:
            record: dict[str, Any] = json.loads(read_bytes(path))
        except ValueError as error:
            raise _damaged(path) from error
        return record

    def fingerprints(self) -> frozenset[str]:
        """Fingerprints of all models it has ever had: of repeated stages those put aside too."""
        records = [*self.path.glob("stages/*/metrics.json")]
        records += self.path.glob("archive/*/metrics.json")
        found = set()
        for file in records:
            with suppress(OSError, ValueError, KeyError):  # a damaged record tells of no model
                found.add(json.loads(read_bytes(file))["model_sha256"])
        return frozenset(found)

    def baseline_path(self, baseline: str) -> Path:
        """Predictions of a simple method (see `core.training.baselines`)."""
        return self.path / "baselines" / baseline / "predictions.csv"

    def baseline_predictions(self, baseline: str) -> "pd.DataFrame | None":
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

    def write_split(self, table: "pd.DataFrame") -> None:
        """Replace the list of pictures and their parts."""
        write_text(self.path / "split.csv", table.to_csv(index=False))

    def write_status(self, status: RunStatus) -> None:
        """Replace the status."""
        write_text(self.path / "status.json", status.model_dump_json(indent=2))

    def write_history(self, table: "pd.DataFrame") -> None:
        """Replace the history."""
        text = table[HISTORY_COLUMNS].to_csv(index=False)
        write_text(self.path / "history.csv", text, durable=True)

    def archive_stage(self, stage: str) -> None:
        """Put the results of a stage aside, that it can be repeated; nothing is deleted.

        A history that cannot be read is put aside with them, as a repetition is its remedy.
        """
        folder = self.stage_path(stage)
        if not folder.exists():
            return
        try:
            history = self.history()
        except RunError:
            (self.path / "history.csv").replace(folder / "history.csv")
            history = self.history()
        else:
            history[history["stage"] == stage].to_csv(folder / "history.csv", index=False)
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        target = self.path / "archive" / f"{stage}-{moment}"
        target.parent.mkdir(exist_ok=True)
        folder.rename(target)
        self.write_history(history[history["stage"] != stage])


def write_run(
    folder: Path,
    protocol: Protocol,
    data: RunData,
    *,
    split: "pd.DataFrame | None" = None,
    weights_path: Path | None = None,
    cached: bool = True,
    keeps_all_models: bool = True,
) -> Run:
    """Make a run of a folder; its configuration is written last (see `Workspace.create`)."""
    run = Run(folder)
    run.write_status(RunStatus())
    if split is not None:
        run.write_split(split)
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


def _versions() -> dict[str, str]:
    """Versions of what decides a number."""
    libraries = ("keras", "tensorflow", "numpy", "opencv-python-headless", "pillow")
    found = {"python": platform.python_version()}
    for library in libraries:
        with suppress(metadata.PackageNotFoundError):
            found[library] = metadata.version(library)
    return found


@lru_cache(maxsize=256)
def _seconds(path: Path, _version: tuple[int, ...] | None) -> float:
    """Sum of a history's seconds; its version is there to be remembered by."""
    return float(_read_table(path, HISTORY_COLUMNS)["seconds"].sum())


def _read_table(path: Path, columns: list[str]) -> "pd.DataFrame":
    import pandas as pd  # slow to load, and what only starts or looks does without

    try:
        content = read_bytes(path)
    except FileNotFoundError:
        return pd.DataFrame(columns=columns)
    try:
        known = next(csv.reader([content.split(b"\n", 1)[0].decode("utf-8-sig")]), [])
        if not {*columns} - {"group"} <= {*known}:  # a split of old has no groups
            raise ValueError("columns are missing")
        return pd.read_csv(
            BytesIO(content),
            dtype=dict.fromkeys(TEXT, str),
            # A class may be called None or NA: in names no word stands for nothing.
            na_values={column: [""] for column in known if column not in TEXT},
            keep_default_na=False,
        )
    except ValueError as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> RunError:
    return RunError(
        f"a whole {path.name} of '{path.parent.name}'",
        "it is damaged",
        "Train that stage again, or restore the run from a backup.",
    )
