"""A run or a cross-validation as the shell watches it while it trains, and to its end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from core.cli.describing import command, describe, titled
from core.cli.terminal import answer, duration, note, notes
from core.evaluation.mark import mark_of
from core.evaluation.percent import percent
from core.training.crossval import CrossValidation, CrossValidationStatus
from core.training.jobs import Job
from core.training.runs import Run, RunStatus
from core.training.workspace import Workspace

POLL_SECONDS = 0.5
DETACHED = 130
"""Exit status after Ctrl-C: the run is not finished."""

STARTED_FROM = {
    "file": "VGG19 starts from the weights file that was named.",
    "keras": "VGG19 starts from the ImageNet weights that Keras provides.",
    "random": "VGG19 starts from random values: ImageNet weights could not be had. Every stage "
    "will do worse than it could.",
}


def conclude(job: Job, where: Workspace, *, detach: bool, as_json: bool) -> int:
    """Stay with a job until it ends, unless `detach`, and answer; returns the exit status."""
    ended = 0
    if detach:
        note(f"{titled(job)} trains on its own. Look: {command('status', job, where)}")
    else:
        ended = attend(job, where)
    whole = not ended and not detach
    # Statistics are loaded when they are needed: that takes longer than a status to print.
    if isinstance(job, CrossValidation) and whole:
        from core.cli.pooled import show_pooled

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
        note(f"{titled(job)} was {end.state}. To go on: {command('resume', job, where)}")
        return 1
    return 0


def watch_folds(crossval: CrossValidation) -> CrossValidationStatus:
    """Show the progress of a cross-validation, and a line for each stage of a fold that ends."""
    titles = {stage.name: stage.title for stage in crossval.protocol.stages}
    told = {(run.name, stage) for run, stage in _finished(crossval)}
    with _progress() as (bar, task):
        while True:
            status = crossval.status
            for run, stage in _finished(crossval):
                if (run.name, stage) in told:
                    continue
                record = run.metrics(stage)
                note(
                    f"{run.name:<9}{titles[stage]:<10}"
                    f"validation {percent(record['validation']['accuracy']):>7}  "
                    f"test {percent(record['test']['accuracy']):>7}"
                )
                told.add((run.name, stage))
            if not status.active:
                return status
            if status.current:
                shown = _bar(status.current, titles)
                fold = f"Fold {min(status.finished + 1, status.folds)} of {status.folds}"
                bar.update(task, **shown | {"description": f"{fold}: {shown['description']}"})
            time.sleep(POLL_SECONDS)


def _finished(crossval: CrossValidation) -> list[tuple[Run, str]]:
    """Each fold with each stage that is finished in it."""
    return [(run, stage) for run in crossval.runs() for stage in run.finished_stages()]


def watch(run: Run) -> RunStatus:
    """Show the progress of a run, and a line for each epoch, until it is no longer at work."""
    titles = {stage.name: stage.title for stage in run.protocol.stages}
    read, told = run.history_version, _epochs(run).keys()
    said = False
    with _progress() as (bar, task):
        while True:
            status = run.status
            if not said and (weights := run.config.weights):
                note(STARTED_FROM[weights.source])
                said = True
            if (version := run.history_version) != read:
                epochs = _epochs(run)
                for key, line in epochs.items():
                    if key not in told:
                        note(f"{titles[key[0]]:<10}{line}")
                read, told = version, epochs.keys()
            if not status.active:
                return status
            bar.update(task, **_bar(status, titles))
            time.sleep(POLL_SECONDS)


@contextmanager
def _progress() -> Iterator[tuple[Progress, TaskID]]:
    """A bar without an end yet, gone when the block ends."""
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rest]}")
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as bar:
        yield bar, bar.add_task("Starting", total=None, rest="")


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
