"""`train`, `status`, `stop`, `resume`: training, which goes on without the shell."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from core.cli.data import read_folder
from core.cli.options import (
    Cropped,
    Detach,
    Folder,
    Json,
    PatientPattern,
    PatientTable,
    Positive,
    RunName,
    StageNames,
    WorkspaceFolder,
    stage_names,
    workspace_at,
)
from core.cli.terminal import answer, answers, duration, note, table
from core.cli.watching import command, conclude, describe
from core.config import Protocol, protocol
from core.data.patients import Patients
from core.errors import NeuroStageError, SettingError
from core.model.weights import find_weights
from core.training import jobs
from core.training.runs import Run

STOP_SECONDS = 60.0
"""How long `stop` waits for the batch at work to end."""


def train(
    folder: Folder,
    protocol_name: Annotated[
        str | None,
        typer.Option(
            "--protocol", metavar="NAME", help="leakfree (unless told otherwise) or report."
        ),
    ] = None,
    stages: StageNames = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="NAME", help="Name of the run. One that is there is continued."
        ),
    ] = None,
    positive: Positive = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="VGG19's weights; else VGG19_WEIGHTS, Keras's cache, a download, random values.",
        ),
    ] = None,
    workspace: WorkspaceFolder = None,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="At most so many, in each stage named.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps-per-epoch", metavar="N", min=1, help="Batches an epoch, in each stage named."
        ),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(metavar="RATE", min=1e-9, max=1.0, help="Of each stage named.")
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(metavar="N", min=32, max=512, help="Side of the network's input, pixels."),
    ] = None,
    precision: Annotated[
        Literal["float32", "mixed_bfloat16"] | None,
        typer.Option(help="Of the network's arithmetic."),
    ] = None,
    cached: Annotated[
        bool | None,
        typer.Option(
            "--cache/--no-cache", help="Keep on disk what frozen layers make of the pictures."
        ),
    ] = None,
    cropped: Cropped = None,
    patient_table: PatientTable = None,
    patient_pattern: PatientPattern = None,
    accept_leak: Annotated[
        bool,
        typer.Option(
            "--accept-leak", help="Train although the split leaks; all results are marked so."
        ),
    ] = False,
    detach: Detach = False,
    as_json: Json = False,
) -> int:
    """Train stages on a folder of scans.

    All five stages, or those named, in a new run.

    With the name of a run that is there, stages named again are repeated with the settings
    given; without names, what is not finished is trained. Ctrl-C leaves training at work.
    """
    where = workspace_at(workspace)
    wanted = stage_names(stages)
    given = {"epochs": epochs, "steps_per_epoch": steps, "learning_rate": learning_rate}
    changes = {setting: value for setting, value in given.items() if value is not None}
    patients = Patients.given(patient_table, patient_pattern)
    run = next((run for run in where.runs() if run.name == name), None)
    if run is None:
        plan = _adapted(protocol(protocol_name or "leakfree"), size, precision)
        for stage in wanted or [stage.name for stage in plan.stages]:
            plan = plan.with_stage(stage, **changes)
        if weights or os.environ.get("VGG19_WEIGHTS"):
            find_weights(weights)  # refuses a file that is not there
        dataset, groups = read_folder(folder, positive, cropped, patients)
        run = jobs.create_run(
            where,
            dataset,
            plan,
            groups,
            name=name,
            weights_path=weights,
            cached=cached is not False,
            patients=patients,
            accept_leak=accept_leak,
        )
        try:
            jobs.start(run, wanted)
        except NeuroStageError:
            run.delete()
            raise
        if left_out := len(dataset.unreadable):
            are = "file cannot be read and is" if left_out == 1 else "files cannot be read and are"
            note(f"{left_out} {are} left out. To see why: python -m core inspect {folder}")
    else:
        _expect_same(
            run,
            {
                "the folder": str(folder.resolve()),
                "--protocol": protocol_name,
                "--positive": positive,
                "--weights": str(weights.resolve()) if weights else None,
                "--size": size,
                "--precision": precision,
                "--cache": cached,
                "--already-cropped": cropped,
                "--patients": patients and patients.table,
                "--patient-pattern": patients and patients.pattern,
            },
        )
        _continue(run, wanted, changes)
    return conclude(run, where, detach=detach, as_json=as_json)


def status(
    name: Annotated[str | None, typer.Argument(metavar="[RUN]", help="All runs, if none.")] = None,
    workspace: WorkspaceFolder = None,
    as_json: Json = False,
) -> None:
    """Say where a run is, or list all runs."""
    where = workspace_at(workspace)
    runs = [describe(where.run(name))] if name else [describe(run) for run in where.runs()]
    if as_json:
        answer(runs[0] if name else {"workspace": str(where.path), "runs": runs})
        return
    if not runs:
        answers.print(f"No runs yet in {where.path}.", soft_wrap=True)
        return
    shown = table("run", "protocol", "state", "stage", "epoch", "time left", "finished")
    for found in runs:
        shown.add_row(
            found["run"],
            found["protocol"] or "–",
            found["state"],
            found["stage"] or "–",
            f"{found['epoch']} of {found['epochs']}" if found["stage"] else "–",
            duration(found["run_seconds_left"]),
            ", ".join(found["finished"]) or "none",
        )
    answers.print(shown)
    for found in runs:
        if found["message"]:
            answers.print(f"{found['run']}: {found['message']}", soft_wrap=True)


def stop(name: RunName, workspace: WorkspaceFolder = None, as_json: Json = False) -> int:
    """Stop a run at its next batch."""
    where = workspace_at(workspace)
    run = where.run(name)
    jobs.stop(run)
    active = jobs.wait(run, STOP_SECONDS).active
    if as_json:
        answer(describe(run))
    elif active:
        note(f"Run '{name}' was asked to stop and will do so after what it is in the midst of.")
    else:
        note(f"Run '{name}' has stopped. To go on: {command('resume', run, where)}")
    return 0


def resume(
    name: RunName,
    workspace: WorkspaceFolder = None,
    detach: Detach = False,
    as_json: Json = False,
) -> int:
    """Go on with a run that was stopped.

    Or interrupted: from its last whole epoch, with what it was asked for.
    """
    where = workspace_at(workspace)
    run = where.run(name)
    jobs.resume(run)
    return conclude(run, where, detach=detach, as_json=as_json)


def _adapted(plan: Protocol, size: int | None, precision: str | None) -> Protocol:
    """The protocol with another input size and precision, where they are given."""
    changes: dict[str, object] = {}
    if size is not None:
        changes["input"] = plan.input.model_copy(update={"size": size})
    if precision is not None:
        changes["training"] = plan.training.model_copy(update={"precision": precision})
    return plan.model_copy(update=changes)


def _expect_same(run: Run, given: dict[str, object]) -> None:
    """Refuse what would make another experiment of a run that is there."""
    config = run.config
    kept = {
        "the folder": config.data.root,
        "--protocol": config.protocol.name,
        "--positive": config.data.positive,
        "--weights": config.weights_path,
        "--size": config.protocol.input.size,
        "--precision": config.protocol.training.precision,
        "--cache": config.cached,
        "--already-cropped": config.data.already_cropped,
        "--patients": config.data.patients and config.data.patients.table,
        "--patient-pattern": config.data.patients and config.data.patients.pattern,
    }
    for option, value in given.items():
        if value is not None and value != kept[option]:
            raise SettingError(
                f"{option} to stay {kept[option]}, with which run '{run.name}' was made",
                f"it is {value}",
                "Leave it as it was, or give the new run another name.",
            )


def _continue(run: Run, wanted: list[str] | None, changes: dict[str, Any]) -> None:
    """Train a run further: stages again, or what it has not finished."""
    unfinished = [s.name for s in run.protocol.stages if s.name not in run.finished_stages()]
    for stage in (wanted or unfinished) if changes else ():
        jobs.change_stage(run, stage, **changes)
    if wanted is None and not changes and run.recorded_status.requested:
        jobs.resume(run)  # nothing of a stage half done is lost
    else:
        jobs.start(run, wanted)
