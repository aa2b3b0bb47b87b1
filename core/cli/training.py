"""`train`, `status`, `stop`, `resume`: training, which goes on without the shell."""

from typing import Annotated, Any

import typer

from core.cli.describing import command, describe, fold_of, job_named, titled
from core.cli.experiment import Experiment, launch, with_experiment
from core.cli.options import Detach, Folder, Json, RunName, WorkspaceFolder, workspace_at
from core.cli.terminal import answer, answers, duration, note, table
from core.cli.watching import conclude
from core.training import jobs
from core.training.jobs import Job
from core.training.runs import Run

STOP_SECONDS = 60.0
"""How long `stop` waits for the batch at work to end."""


@with_experiment
def train(
    folder: Folder,
    *,
    name: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="NAME", help="Name of the run. One that is there is continued."
        ),
    ] = None,
    asked: Experiment,
    workspace: WorkspaceFolder = None,
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
    run = next((run for run in where.runs() if run.name == name), None)
    if run is None:
        plan = asked.plan()
        dataset, groups = asked.scans(folder)
        run = jobs.create_run(
            where,
            dataset,
            plan,
            groups,
            name=name,
            weights_path=asked.weights,
            cached=asked.cached is not False,
            patients=asked.patients,
            accept_leak=accept_leak,
        )
        launch(run, jobs.start, asked.wanted, dataset)
    else:
        asked.expect_same(run, folder, asked.chosen)
        _continue(run, asked.wanted, asked.changes)
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
        note(f"{titled(job)} was asked to stop and will do so as soon as it can.")
    else:
        note(f"{titled(job)} has stopped. To go on: {command('resume', job, where)}")
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


def _continue(run: Run, wanted: list[str] | None, changes: dict[str, Any]) -> None:
    """Train a run further: stages again, or what it has not finished."""
    if changes:  # with other settings stages begin anew; a refusal must come before they have them
        wanted = jobs.expect_trainable(run, wanted)
        for stage in wanted:
            jobs.change_stage(run, stage, **changes)
    jobs.start(run, wanted)
