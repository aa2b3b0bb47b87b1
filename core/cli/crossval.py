"""`crossval`: every scan predicted by a network that has not met it, in one table."""

import os
from pathlib import Path
from typing import Annotated

import typer

from core.cli.data import read_folder
from core.cli.options import (
    Cached,
    Cropped,
    Detach,
    Epochs,
    Json,
    LearningRate,
    PatientPattern,
    PatientTable,
    Positive,
    Precision,
    ProtocolName,
    Settings,
    Size,
    StageNames,
    Steps,
    Weights,
    WorkspaceFolder,
    planned,
    settings_of,
    stage_names,
    workspace_at,
)
from core.cli.terminal import answer, answers, table
from core.cli.training import expect_same, tell_unreadable
from core.cli.watching import attend, conclude
from core.data.patients import Patients
from core.errors import NeuroStageError, SettingError
from core.evaluation.intervals import Interval
from core.evaluation.pooled import Pooled, PooledStage, pool
from core.model.weights import find_weights
from core.reporting.markdown import pooled_table
from core.training import jobs
from core.training.crossval import CrossValidation

FOLDS = 5
COLUMNS = {
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "balanced_accuracy": "balanced",
    "auc": "AUC",
    "loss": "loss",
    "brier": "Brier",
}


def crossval(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="Two class folders. May be left out for one that is there."
        ),
    ] = None,
    protocol_name: ProtocolName = None,
    folds: Annotated[
        int | None, typer.Option(metavar="N", min=2, help=f"{FOLDS} unless told otherwise.")
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="N,…", help="A repetition for each; else the protocol's alone."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of the cross-validation. One that is there goes on."),
    ] = None,
    stages: StageNames = None,
    settings: Settings = None,
    positive: Positive = None,
    weights: Weights = None,
    workspace: WorkspaceFolder = None,
    epochs: Epochs = None,
    steps: Steps = None,
    learning_rate: LearningRate = None,
    size: Size = None,
    precision: Precision = None,
    cached: Cached = None,
    cropped: Cropped = None,
    patient_table: PatientTable = None,
    patient_pattern: PatientPattern = None,
    detach: Detach = False,
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="A table for documents.")] = False,
) -> int:
    """Cross-validate the stages, near copies kept together.

    Trains every fold and prints what all of them predicted of the scans they had not met. With
    the name of one that is there, goes on with what is unfinished, or prints its table.
    """
    where = workspace_at(workspace)
    wanted, chosen = stage_names(stages), settings_of(settings, size=size, precision=precision)
    given = {"epochs": epochs, "steps_per_epoch": steps, "learning_rate": learning_rate}
    changes = {setting: value for setting, value in given.items() if value is not None}
    patients = Patients.given(patient_table, patient_pattern)
    if "seed" in chosen:
        raise SettingError("--seeds for a cross-validation", "seed was set", "Use --seeds.")
    found = next((known for known in where.crossvals() if known.name == name), None)
    if found is None:
        if folder is None:
            raise SettingError(
                "a folder of scans, or the name of a cross-validation that is there",
                f"'{name}' is none in {where.path}" if name else "neither was given",
                "Name the folder.",
            )
        plan = planned(protocol_name, chosen, wanted, changes)
        if weights or os.environ.get("VGG19_WEIGHTS"):
            find_weights(weights)  # refuses a file that is not there
        dataset, groups = read_folder(folder, positive, cropped, patients)
        found = jobs.create_crossval(
            where,
            dataset,
            plan,
            groups,
            folds=folds or FOLDS,
            seeds=_numbers(seeds) or [plan.seed],
            name=name,
            weights_path=weights,
            cached=cached is not False,
            patients=patients,
        )
        try:
            jobs.start_crossval(found, wanted)
        except NeuroStageError:
            found.delete()
            raise
        tell_unreadable(dataset)
    else:
        for stage in wanted or [stage.name for stage in found.protocol.stages]:
            chosen |= {f"stages.{stage}.{setting}": value for setting, value in changes.items()}
        expect_same(
            found,
            {
                "the folder": str(folder.resolve()) if folder else None,
                "--protocol": protocol_name,
                "--folds": folds,
                "--seeds": ",".join(map(str, _numbers(seeds))) or None,
                "--positive": positive,
                "--weights": str(weights.resolve()) if weights else None,
                "--cache": cached,
                "--already-cropped": cropped,
                "--patients": patients and patients.table,
                "--patient-pattern": patients and patients.pattern,
            },
            chosen,
        )
        _go_on(found, wanted)
    if markdown and not detach:
        ended = attend(found, where)
        if not ended:
            show_pooled(found, as_json=False, markdown=True)
        return ended
    return conclude(found, where, detach=detach, as_json=as_json)


def _numbers(text: str | None) -> list[int]:
    """`7,8` as a list in order; empty when nothing was given."""
    try:
        return sorted(int(number) for number in (text or "").split(",") if number.strip())
    except ValueError as error:
        raise SettingError(
            "whole numbers separated by commas, as 7,8", f"'{text}' was given", "Correct --seeds."
        ) from error


def _go_on(found: CrossValidation, wanted: list[str] | None) -> None:
    """Train what is unfinished: of what was asked for before, or of the stages named now."""
    if found.status.active:
        return
    finished = found.finished_stages()
    if wanted is None and any(run.recorded_status.requested for run in found.runs()):
        jobs.resume(found)
    elif not finished or any(stage not in finished for stage in wanted or ()):
        jobs.start_crossval(found, wanted)


def show_pooled(found: CrossValidation, *, as_json: bool, markdown: bool = False) -> None:
    """Print what the folds come to together."""
    pooled = pool(found)
    if as_json:
        answer(pooled.model_dump(mode="json"))
    elif markdown:
        answers.print(pooled_table(pooled), soft_wrap=True)
    else:
        _show(pooled)


def _show(pooled: Pooled) -> None:
    shown = table("stage", *COLUMNS.values(), numbers=tuple(COLUMNS.values()))
    for stage in (*pooled.stages, *pooled.baselines):
        shown.add_row(stage.title, *(_figure(stage, figure) for figure in COLUMNS))
        shown.add_row("", *(_interval(stage.intervals[figure]) for figure in COLUMNS))
    answers.print(shown)
    seeds = ", ".join(map(str, pooled.seeds))
    answers.print(
        f"\n{pooled.scans} scans ({pooled.groups} of them independent), each predicted by the one "
        f"of {pooled.folds} folds that held it out; seed{'s' * (len(pooled.seeds) > 1)} {seeds}. "
        f"Below each figure its {100 * pooled.confidence:.0f} % interval.",
    )
    if pooled.caveat:
        answers.print(pooled.caveat)


def _figure(stage: PooledStage, name: str) -> str:
    value: float | None = getattr(stage, name)
    return "–" if value is None else f"{value:.3f}"


def _interval(interval: Interval | None) -> str:
    return f"{interval[0]:.3f}–{interval[1]:.3f}" if interval else "–"
