"""A run as the shell sees it: in words, and live while it trains."""

import time
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn

from core.cli.terminal import answer, duration, note, notes, percent
from core.errors import RunError
from core.evaluation.mark import mark_of
from core.training.runs import Run, RunStatus, Workspace, default_workspace

POLL_SECONDS = 0.5
DETACHED = 130
"""Exit status after Ctrl-C: the run is not finished."""

STARTED_FROM = {
    "file": "VGG19 starts from the weights file that was named.",
    "keras": "VGG19 starts from the ImageNet weights that Keras provides.",
    "random": "VGG19 starts from random values: ImageNet weights could not be had. Every stage "
    "will do worse than it could.",
}


def describe(run: Run) -> dict[str, Any]:
    """What `status --json` documents. A run whose record is damaged is described as such."""
    status = run.status
    try:
        config = run.config
    except RunError as error:
        config = None
        status = status.model_copy(update={"message": str(error)})
    return {
        "run": run.name,
        "path": str(run.path),
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


def command(verb: str, run: Run, where: Workspace) -> str:
    """What to type to do something with a run."""
    elsewhere = "" if where.path == default_workspace() else f" --workspace {where.path}"
    return f"python -m core {verb} {run.name}{elsewhere}"


def conclude(run: Run, where: Workspace, *, detach: bool, as_json: bool) -> int:
    """Stay with a run until it ends, unless `detach`, and answer; returns the exit status."""
    ended = 0
    if detach:
        note(f"Run '{run.name}' trains on its own. Look: {command('status', run, where)}")
    else:
        ended = attend(run, where)
    if as_json and ended != DETACHED:
        answer(describe(run))
    elif not ended and not detach:
        # Loaded when it is needed: statistics take longer to load than a status to print.
        from core.cli.results import show
        from core.evaluation.comparison import compare

        show(compare(run))
    return ended


def attend(run: Run, where: Workspace) -> int:
    """Watch a run until it ends, or until Ctrl-C, which leaves it at work.

    Returns:
        Exit status: 0 finished, 1 stopped or interrupted, 2 failed, 130 after Ctrl-C.
    """
    if leaky := mark_of(run):
        note(leaky)
    try:
        end = watch(run)
    except KeyboardInterrupt:
        note(
            f"Training of run '{run.name}' goes on without this shell.\n"
            f"  look  {command('status', run, where)}\n"
            f"  stop  {command('stop', run, where)}"
        )
        return DETACHED
    if end.state == "failed":
        note(end.message)
        return 2
    if end.state != "finished":
        note(f"Run '{run.name}' was {end.state}. To go on: {command('resume', run, where)}")
        return 1
    return 0


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
