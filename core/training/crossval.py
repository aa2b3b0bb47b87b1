"""A cross-validation: the same protocol trained on every fold, as a folder of runs.

    crossval/
      crossval.json        what was asked for: protocol, data, folds, seeds
      log.txt              what the job said
      runs/s<seed>-f<n>/   one run a fold (`core.training.runs`)

Each scan is in the test part of one fold, so that the folds' test predictions together are a
prediction of every scan by a network that has not met it. Other seeds deal the folds anew.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from core.errors import RunError
from core.training.folders import ACTIVE, JobConfig, JobFolder, JobStatus, State
from core.training.runs import PREDICTION_COLUMNS, Run, RunStatus

if TYPE_CHECKING:
    import pandas as pd

POOLED_COLUMNS = ["seed", "fold", *PREDICTION_COLUMNS, "group"]


class CrossValidationConfig(JobConfig):
    """What a cross-validation was asked to do. The folds' runs have each its own seed."""

    folds: int = Field(ge=2)
    seeds: tuple[int, ...] = Field(min_length=1)


class CrossValidationStatus(JobStatus):
    """Where a cross-validation is: what its folds are, taken together."""

    folds: int = Field(description="in all, over all seeds")
    finished: int = Field(description="folds that have all they were asked for")
    at_work: str | None = Field(None, description="name of the fold that is being trained")
    current: RunStatus | None = Field(None, description="of that fold")
    seconds_left: float | None = Field(None, description="at most, for all folds")


class CrossValidation(JobFolder[CrossValidationConfig]):
    """The folder of one cross-validation, read afresh at each question."""

    kind = "cross-validation"
    room = "crossvals"
    config_file = "crossval.json"
    config_type = CrossValidationConfig

    def fold_path(self, seed: int, fold: int) -> Path:
        """Folder of a fold's run; folds count from 1."""
        return self.path / "runs" / f"s{seed}-f{fold}"

    def runs(self) -> list[Run]:
        """One run a fold, seed by seed, in the order in which they are trained."""
        from core.imaging.reading import natural_key  # slow to load, as pictures are

        folders = [file.parent for file in (self.path / "runs").glob("*/config.json")]
        return [Run(folder) for folder in sorted(folders, key=lambda f: natural_key(f.name))]

    @property
    def status(self) -> CrossValidationStatus:
        """Where it is, as its folds tell."""
        runs = [(run, run.status) for run in self.runs()]
        states = [status.state for _, status in runs]
        # The first of these that any fold is in; all new, or else all finished.
        order: tuple[State, ...] = (*ACTIVE, "failed", "interrupted", "stopped", "new")
        state: State = next((known for known in order if known in states), "finished")
        run, current = next(((r, s) for r, s in runs if s.state == state), (None, None))
        return CrossValidationStatus(
            state=state,
            message=current.message if current else "",
            folds=len(runs),
            finished=states.count("finished"),
            at_work=run.name if run and state == "running" else None,
            current=current if state in ACTIVE else None,
            seconds_left=_seconds_left(runs),
        )

    def finished_stages(self) -> list[str]:
        """Stages that are finished in every fold, in order."""
        finished = [set(run.finished_stages()) for run in self.runs()]
        return [s.name for s in self.protocol.stages if all(s.name in fold for fold in finished)]

    def predictions(self, stage: str) -> "pd.DataFrame":
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

    def baseline_predictions(self, baseline: str) -> "pd.DataFrame | None":
        """As `predictions`, of a simple baseline; none where a fold has not fitted it."""
        found = {run: run.baseline_predictions(baseline) for run in self.runs()}
        tables = {run: table for run, table in found.items() if table is not None}
        return _pooled(tables) if len(tables) == len(found) else None


def _seconds_left(runs: list[tuple[Run, RunStatus]]) -> float | None:
    """What the fold at work has left, and for each that waits as long as the slowest took."""
    left = next((s.run_seconds_left for _, s in runs if s.state == "running"), None)
    if left is None:
        return None
    taken = [
        run.seconds_trained + (left if status.state == "running" else 0.0)
        for run, status in runs
        if status.state in ("running", "finished")
    ]
    waiting = sum(status.state == "queued" for _, status in runs)
    return left + waiting * max(taken)


def _pooled(tables: "Mapping[Run, pd.DataFrame]") -> "pd.DataFrame":
    """What the folds predicted of the scans that they held out, under one another."""
    pooled = []
    for run, predictions in tables.items():
        seed, fold = map(int, run.name[1:].split("-f"))
        held_out = predictions.query("split == 'test' and view == 0")
        groups = run.split()[["file", "view", "group"]]
        table = held_out.merge(groups, on=["file", "view"], validate="one_to_one")
        pooled.append(table.assign(seed=seed, fold=fold)[POOLED_COLUMNS])
    import pandas as pd

    together = pd.concat(pooled, ignore_index=True)
    return together.sort_values(["seed", "file"], kind="stable", ignore_index=True)
