"""`train`, `status`, `stop`, `resume`: training, which goes on without the shell."""

import os
from typing import Annotated, Any

import typer

from core.cli.data import read_folder
from core.cli.options import (
    Cached,
    Cropped,
    Detach,
    Epochs,
    Folder,
    Json,
    LearningRate,
    PatientPattern,
    PatientTable,
    Positive,
    Precision,
    ProtocolName,
    RunName,
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
from core.cli.terminal import answer, answers, duration, note, table
from core.cli.watching import command, conclude, describe, fold_of, job_named, kind
from core.data.index import Dataset
from core.data.patients import Patients
from core.errors import NeuroStageError, SettingError
from core.model.weights import find_weights
from core.training import jobs
from core.training.crossval import CrossValidationConfig
from core.training.jobs import Job
from core.training.runs import Run

STOP_SECONDS = 60.0
"""How long `stop` waits for the batch at work to end."""
OPTIONS = {"input.size": "--size", "training.precision": "--precision"}
"""Settings that have an option of their own."""


def train(
    folder: Folder,
    protocol_name: ProtocolName = None,
    stages: StageNames = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="NAME", help="Name of the run. One that is there is continued."
        ),
    ] = None,
    positive: Positive = None,
    weights: Weights = None,
    workspace: WorkspaceFolder = None,
    epochs: Epochs = None,
    steps: Steps = None,
    learning_rate: LearningRate = None,
    size: Size = None,
    precision: Precision = None,
    settings: Settings = None,
    cached: Cached = None,
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
    chosen = settings_of(settings, size=size, precision=precision)
    run = next((run for run in where.runs() if run.name == name), None)
    if run is None:
        plan = planned(protocol_name, chosen, wanted, changes)
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
        tell_unreadable(dataset)
    else:
        expect_same(
            run,
            {
                "the folder": str(folder.resolve()),
                "--protocol": protocol_name,
                "--positive": positive,
                "--weights": str(weights.resolve()) if weights else None,
                "--cache": cached,
                "--already-cropped": cropped,
                "--patients": patients and patients.table,
                "--patient-pattern": patients and patients.pattern,
            },
            chosen,
        )
        _continue(run, wanted, changes)
    return conclude(run, where, detach=detach, as_json=as_json)


def status(
    name: Annotated[str | None, typer.Argument(metavar="[RUN]", help="All runs, if none.")] = None,
    workspace: WorkspaceFolder = None,
    as_json: Json = False,
) -> None:
    """Say where a run or cross-validation is, or list all of them."""
    where = workspace_at(workspace)
    listed: list[Job] = [job_named(where, name)] if name else [*where.crossvals(), *where.runs()]
    found = [describe(job) for job in listed]
    if as_json:
        runs = [each for each in found if "run" in each]
        crossvals = [each for each in found if "crossval" in each]
        everything = {"workspace": str(where.path), "runs": runs, "crossvals": crossvals}
        answer(found[0] if name else everything)
        return
    if not found:
        answers.print(f"No runs yet in {where.path}.", soft_wrap=True)
        return
    shown = table("run", "protocol", "state", "stage", "epoch", "time left", "finished")
    for each in found:
        shown.add_row(*_row(each))
    answers.print(shown)
    for each in found:
        if each["message"]:
            answers.print(
                f"{each.get('run') or each['crossval']}: {each['message']}", soft_wrap=True
            )


def _row(found: dict[str, Any]) -> list[str]:
    """A run or a cross-validation as a row of the table of all."""
    at_work = found if "run" in found else found["fold"] or {}
    stage = at_work.get("stage")
    return [
        found.get("run") or found["crossval"],
        found["protocol"] or "–",
        found["state"] if "run" in found else f"{found['state']}, {fold_of(found)}",
        stage or "–",
        f"{at_work['epoch']} of {at_work['epochs']}" if stage else "–",
        duration(found["run_seconds_left"]),
        ", ".join(found["finished"]) or "none",
    ]


def stop(name: RunName, workspace: WorkspaceFolder = None, as_json: Json = False) -> int:
    """Stop a run or cross-validation at its next batch."""
    where = workspace_at(workspace)
    job = job_named(where, name)
    jobs.stop(job)
    active = jobs.wait(job, STOP_SECONDS).active
    if as_json:
        answer(describe(job))
    elif active:
        note(f"{kind(job)} '{name}' was asked to stop and will do so as soon as it can.")
    else:
        note(f"{kind(job)} '{name}' has stopped. To go on: {command('resume', job, where)}")
    return 0


def resume(
    name: RunName,
    workspace: WorkspaceFolder = None,
    detach: Detach = False,
    as_json: Json = False,
) -> int:
    """Go on with a run or cross-validation that was stopped.

    Or interrupted: from its last whole epoch, with what it was asked for.
    """
    where = workspace_at(workspace)
    job = job_named(where, name)
    jobs.resume(job)
    return conclude(job, where, detach=detach, as_json=as_json)


def tell_unreadable(dataset: Dataset) -> None:
    """Say how many files were left out, if any."""
    if left_out := len(dataset.unreadable):
        are = "file cannot be read and is" if left_out == 1 else "files cannot be read and are"
        note(f"{left_out} {are} left out. To see why: python -m core inspect {dataset.root}")


def expect_same(job: Job, given: dict[str, object], settings: dict[str, object]) -> None:
    """Refuse what would make another experiment of one that is there.

    Args:
        job: The run or cross-validation.
        given: By option, in the words of a person; None where it was not given.
        settings: Of the protocol, by path.

    Raises:
        SettingError: Something differs.
    """
    config = job.config
    kept: dict[str, object] = {
        "the folder": config.data.root,
        "--protocol": config.protocol.name,
        "--positive": config.data.positive,
        "--weights": config.weights_path,
        "--cache": config.cached,
        "--already-cropped": config.data.already_cropped,
        "--patients": config.data.patients and config.data.patients.table,
        "--patient-pattern": config.data.patients and config.data.patients.pattern,
    }
    if isinstance(config, CrossValidationConfig):
        kept |= {"--folds": config.folds, "--seeds": ",".join(map(str, config.seeds))}
    differing = [
        (option, kept[option], value)
        for option, value in given.items()
        if value is not None and value != kept[option]
    ] + [
        (OPTIONS.get(path, path), config.protocol.setting(path), value)
        for path, value in settings.items()
        if config.protocol.with_settings({path: value}) != config.protocol
    ]
    for option, was, value in differing:
        raise SettingError(
            f"{option} to stay {was}, with which '{job.name}' was made",
            f"it is {value}",
            "Leave it as it was, or give the new one another name.",
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
