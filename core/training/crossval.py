"""A cross-validation: the same protocol trained on every fold, as a folder of runs.

    crossval/
      crossval.json        what was asked for: protocol, data, folds, seeds
      log.txt              what the job said
      runs/s<seed>-f<n>/   one run a fold (`core.training.runs`)

Each scan is in the test part of one fold, so that the folds' test predictions together are a
prediction of every scan by a network that has not met it. Other seeds deal the folds anew.
"""

import shutil
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import pandas as pd
from pydantic import Field, ValidationError

from core.config import Frozen, Protocol
from core.errors import RunError
from core.imaging.reading import natural_key
from core.storage import write_text
from core.training.runs import PREDICTION_COLUMNS, Run, RunData, RunStatus, State

CONFIG = "crossval.json"

POOLED_COLUMNS = ["seed", "fold", *PREDICTION_COLUMNS, "group"]


class CrossValidationConfig(Frozen):
    """What a cross-validation was asked to do. The folds' runs have each its own seed."""

    name: str
    created: str
    protocol: Protocol
    data: RunData
    folds: int = Field(ge=2)
    seeds: tuple[int, ...] = Field(min_length=1)
    weights_path: str | None = None
    cached: bool = True


class CrossValidationStatus(Frozen):
    """Where a cross-validation is: what its folds are, taken together."""

    state: State
    message: str = ""
    folds: int = Field(description="in all, over all seeds")
    finished: int = Field(description="folds that have all they were asked for")
    at_work: str | None = Field(None, description="name of the fold that is being trained")
    current: RunStatus | None = Field(None, description="of that fold")
    seconds_left: float | None = Field(None, description="at most, for all folds")

    @property
    def active(self) -> bool:
        """Whether it waits or works."""
        return self.state in ("queued", "running")


class CrossValidation:
    """The folder of one cross-validation, read afresh at each question."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"CrossValidation({self.name!r})"

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @cached_property
    def config(self) -> CrossValidationConfig:
        """What was asked for.

        Raises:
            RunError: The file is missing or damaged.
        """
        try:
            return CrossValidationConfig.model_validate_json((self.path / CONFIG).read_bytes())
        except (OSError, ValidationError) as error:
            raise RunError(
                f"a cross-validation with a readable {CONFIG}",
                f"the one of '{self.name}' cannot be read",
                "Delete its folder, or restore it from a copy.",
            ) from error

    @property
    def protocol(self) -> Protocol:
        """The protocol of every fold, but for the seed."""
        return self.config.protocol

    @property
    def positive(self) -> str:
        """Name of the positive class."""
        return self.config.data.positive

    def write_config(self, config: CrossValidationConfig) -> None:
        """Write the configuration, after which the cross-validation is there."""
        write_text(self.path / CONFIG, config.model_dump_json(indent=2))

    def fold_path(self, seed: int, fold: int) -> Path:
        """Folder of a fold's run; folds count from 1."""
        return self.path / "runs" / f"s{seed}-f{fold}"

    def runs(self) -> list[Run]:
        """One run a fold, seed by seed, in the order in which they are trained."""
        folders = [file.parent for file in (self.path / "runs").glob("*/config.json")]
        return [Run(folder) for folder in sorted(folders, key=lambda f: natural_key(f.name))]

    @property
    def status(self) -> CrossValidationStatus:
        """Where it is, as its folds tell."""
        runs = [(run, run.status) for run in self.runs()]
        states = [status.state for _, status in runs]
        # The first of these that any fold is in; all new, or else all finished.
        order: tuple[State, ...] = ("running", "queued", "failed", "interrupted", "stopped", "new")
        state: State = next((known for known in order if known in states), "finished")
        run, current = next(((r, s) for r, s in runs if s.state == state), (None, None))
        return CrossValidationStatus(
            state=state,
            message=current.message if current else "",
            folds=len(runs),
            finished=states.count("finished"),
            at_work=run.name if run and state == "running" else None,
            current=current if state in ("running", "queued") else None,
            seconds_left=_seconds_left(runs),
        )

    def finished_stages(self) -> list[str]:
        """Stages that are finished in every fold, in order."""
        finished = [set(run.finished_stages()) for run in self.runs()]
        return [s.name for s in self.protocol.stages if all(s.name in fold for fold in finished)]

    def predictions(self, stage: str) -> pd.DataFrame:
        """The prediction of each scan, as it is, by the fold that held it out.

        Returns:
            Once for each seed: columns `POOLED_COLUMNS`, probability being that of the
            positive class, in the order of seed and file.

        Raises:
            RunError: The stage is not finished in every fold.
        """
        if stage not in self.finished_stages():
            raise RunError(
                f"a stage that is finished in every fold of '{self.name}' "
                f"({', '.join(self.finished_stages()) or 'none yet'})",
                f"'{stage}' was asked for",
                "Let the cross-validation go on to its end.",
            )
        return _pooled({run: run.predictions(stage) for run in self.runs()})

    def baseline_predictions(self, baseline: str) -> pd.DataFrame | None:
        """As `predictions`, of a simple baseline; none where a fold has not fitted it."""
        found = {run: run.baseline_predictions(baseline) for run in self.runs()}
        tables = {run: table for run, table in found.items() if table is not None}
        return _pooled(tables) if len(tables) == len(found) else None

    def delete(self) -> None:
        """Remove it with all its folds.

        Raises:
            RunError: It is at work.
        """
        status = self.status
        if status.active:
            raise RunError(
                "a cross-validation that is not at work",
                f"'{self.name}' is {status.state}",
                "Stop it first.",
            )
        shutil.rmtree(self.path)


def _seconds_left(runs: list[tuple[Run, RunStatus]]) -> float | None:
    """What the fold at work has left, and for each that waits as long as the slowest took."""
    left = next((s.run_seconds_left for _, s in runs if s.state == "running"), None)
    if left is None:
        return None
    taken = [
        float(run.history()["seconds"].sum()) + (left if status.state == "running" else 0.0)
        for run, status in runs
        if status.state in ("running", "finished")
    ]
    waiting = sum(status.state == "queued" for _, status in runs)
    return left + waiting * max(taken)


def _pooled(tables: Mapping[Run, pd.DataFrame]) -> pd.DataFrame:
    """What the folds predicted of the scans that they held out, under one another."""
    pooled = []
    for run, predictions in tables.items():
        seed, fold = map(int, run.name[1:].split("-f"))
        held_out = predictions.query("split == 'test' and view == 0")
        groups = run.split()[["file", "view", "group"]]
        table = held_out.merge(groups, on=["file", "view"], validate="one_to_one")
        pooled.append(table.assign(seed=seed, fold=fold)[POOLED_COLUMNS])
    together = pd.concat(pooled, ignore_index=True)
    return together.sort_values(["seed", "file"], kind="stable", ignore_index=True)
