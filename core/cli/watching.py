"""A run or a cross-validation as the shell sees it: in words, and live while it trains."""

import time
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn

from core.cli.terminal import answer, duration, note, notes, percent
from core.errors import RunError
from core.evaluation.mark import mark_of
from core.training.crossval import CrossValidation, CrossValidationStatus
from core.training.jobs import Job
from core.training.library import about
from core.training.runs import Run, RunStatus
from core.training.workspace import Workspace, default_workspace

POLL_SECONDS = 0.5
DETACHED = 130
"""Exit status after Ctrl-C: the run is not finished."""

STARTED_FROM = {
    "file": "VGG19 starts from the weights file that was named.",
    "keras": "VGG19 starts from the ImageNet weights that Keras provides.",
    "random": "VGG19 starts from random values: ImageNet weights could not be had. Every stage "
    "will do worse than it could.",
}


def job_named(where: Workspace, name: str) -> Job:
    """The run or the cross-validation of this name.

    Raises:
        RunError: There is neither.
    """
    return next((job for job in where.crossvals() if job.name == name), None) or where.run(name)


def kind(job: Job) -> str:
    """What it is, to begin a sentence with."""
    return job.kind.capitalize()


def describe(job: Job) -> dict[str, Any]:
    """What `status --json` documents. A run whose record is damaged is described as such."""
    return _describe_run(job) if isinstance(job, Run) else _describe_crossval(job)


def _describe_crossval(crossval: CrossValidation) -> dict[str, Any]:
    status = crossval.status
    found: dict[str, Any] = {
        "crossval": crossval.name,
        "path": str(crossval.path),
        "protocol": None,
        "folds": None,
        "seeds": [],
        "state": status.state,
        "message": status.message,
        "finished": [],
        "folds_finished": status.finished,
        "folds_in_all": status.folds,
        "fold": next((_describe_run(r) for r in crossval.runs() if r.name == status.at_work), None),
        "run_seconds_left": status.seconds_left,
    }
    try:
        config = crossval.config
        return found | {
            "protocol": config.protocol.name,
            "folds": config.folds,
            "seeds": list(config.seeds),
            "finished": crossval.finished_stages(),
        }
    except RunError as error:
        return found | {"state": "damaged", "message": str(error)}


def fold_of(found: dict[str, Any]) -> str:
    """How far a cross-validation is, in a few words."""
    done, total = found["folds_finished"], found["folds_in_all"]
    return f"fold {done + 1} of {total}" if found["fold"] else f"{done} of {total} folds"


def _describe_run(run: Run) -> dict[str, Any]:
    status = run.status
    try:
        config = run.config
    except RunError as error:
        config = None
        status = status.model_copy(update={"message": str(error)})
    return {
        "run": run.name,
        "path": str(run.path),
        "about": about(run).model_dump(),
        "protocol": config.protocol.name if config else None,
        "weights": config.weights.source if config and config.weights else None,
        "state": status.state if config else "damaged",
        "message": status.message,
        "requested": list(status.requested),
        "finished": run.finished_stages() if config else [],
        "stage": status.stage,
        "activity": status.activity,
        "epoch": status.epoch,
        "epochs": status.epochs,
        "step": status.step,
        "steps": status.steps,
        "pictures_per_second": status.pictures_per_second,
        "stage_seconds_left": status.stage_seconds_left,
        "run_seconds_left": status.run_seconds_left,
    }


def command(verb: str, job: Job, where: Workspace) -> str:
    """What to type to do something with a run or a cross-validation."""
    elsewhere = "" if where.path == default_workspace() else f" --workspace {where.path}"
    return f"python -m core {verb} {job.name}{elsewhere}"


def conclude(job: Job, where: Workspace, *, detach: bool, as_json: bool) -> int:
    """Stay with a job until it ends, unless `detach`, and answer; returns the exit status."""
    ended = 0
    if detach:
        note(f"{kind(job)} '{job.name}' trains on its own. Look: {command('status', job, where)}")
    else:
        ended = attend(job, where)
    whole = not ended and not detach
    # Statistics are loaded when they are needed: that takes longer than a status to print.
    if isinstance(job, CrossValidation) and whole:
        from core.cli.crossval import show_pooled

        show_pooled(job, as_json=as_json)
    elif as_json and ended != DETACHED:
        answer(describe(job))
    elif isinstance(job, Run) and whole:
        from core.cli.results import show
        from core.evaluation.comparison import compare

        show(compare(job))
    return ended


def attend(job: Job, where: Workspace) -> int:
    """Watch a job until it ends, or until Ctrl-C, which leaves it at work.

    Returns:
        Exit status: 0 finished, 1 stopped or interrupted, 2 failed, 130 after Ctrl-C.
    """
    if isinstance(job, Run) and (leaky := mark_of(job)):  # folds never leak
        note(leaky)
    try:
        end = watch(job) if isinstance(job, Run) else watch_folds(job)
    except KeyboardInterrupt:
        note(
            f"Training of '{job.name}' goes on without this shell.\n"
            f"  look  {command('status', job, where)}\n"
            f"  stop  {command('stop', job, where)}"
        )
        return DETACHED
    if end.state == "failed":
        note(end.message)
        return 2
    if end.state != "finished":
        note(f"{kind(job)} '{job.name}' was {end.state}. To go on: {command('resume', job, where)}")
        return 1
    return 0


def watch_folds(crossval: CrossValidation) -> CrossValidationStatus:
    """Show the progress of a cross-validation, and a line for each stage of a fold that ends."""
    titles = {stage.name: stage.title for stage in crossval.protocol.stages}
    told = _outcomes(crossval).keys()
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rest]}")
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task("Starting", total=None, rest="")
        while True:
            status = crossval.status
            outcomes = _outcomes(crossval)
            for (fold, stage), line in outcomes.items():
                if (fold, stage) not in told:
                    note(f"{fold:<9}{titles[stage]:<10}{line}")
            told = outcomes.keys()
            if not status.active:
                return status
            if status.current:
                shown = _bar(status.current, titles)
                fold = f"Fold {min(status.finished + 1, status.folds)} of {status.folds}"
                bar.update(task, **shown | {"description": f"{fold}: {shown['description']}"})
            time.sleep(POLL_SECONDS)


def _outcomes(crossval: CrossValidation) -> dict[tuple[str, str], str]:
    """One line for each stage of a fold that is finished."""
    return {
        (run.name, stage): (
            f"validation {percent(record['validation']['accuracy']):>7}  "
            f"test {percent(record['test']['accuracy']):>7}"
        )
        for run in crossval.runs()
        for stage in run.finished_stages()
        for record in [run.metrics(stage)]
    }


def watch(run: Run) -> RunStatus:
    """Show the progress of a run, and a line for each epoch, until it is no longer at work."""
    stages = run.protocol.stages
    titles = {stage.name: stage.title for stage in stages}
    told = _epochs(run).keys()
    said = False
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rest]}")
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task("Starting", total=None, rest="")
        while True:
            status = run.status
            weights = run.config.weights
            if weights and not said:
                note(STARTED_FROM[weights.source])
                said = True
            epochs = _epochs(run)
            for key, line in epochs.items():
                if key not in told:
                    note(f"{titles[key[0]]:<10}{line}")
            told = epochs.keys()
            if not status.active:
                return status
            bar.update(task, **_bar(status, titles))
            time.sleep(POLL_SECONDS)


def _epochs(run: Run) -> dict[tuple[str, int], str]:
    """One line for each epoch that is on record."""
    return {
        (str(row["stage"]), int(row["epoch"])): (
            f"epoch {row['epoch']:>2}  loss {row['loss']:.4f}  "
            f"accuracy {percent(row['accuracy']):>7}  "
            f"validation loss {row['validation_loss']:.4f}  "
            f"accuracy {percent(row['validation_accuracy']):>7}"
        )
        for row in run.history().to_dict("records")
    }


def _bar(status: RunStatus, titles: dict[str, str]) -> dict[str, Any]:
    """Description, completed, total and the rest of the line."""
    described = status.activity
    done, total = status.step, status.steps
    rest = f"{done}/{total}" if total else ""
    if status.stage:
        described = f"{titles[status.stage]}: {described}"
    if status.activity == "Training":
        described = f"{titles[status.stage or '']}: epoch {status.epoch} of {status.epochs}"
        done, total = (status.epoch - 1) * total + done, status.epochs * total
        rest = f"{rest}  {status.pictures_per_second or 0:.1f} pictures/s"
        rest = f"{rest}  at most {duration(status.run_seconds_left)} left"
    return {"description": described, "completed": done, "total": total or None, "rest": rest}
