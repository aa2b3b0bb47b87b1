"""A run or a cross-validation in words and in JSON, and how a person names one."""

from typing import Any

from core.errors import RunError
from core.training.crossval import CrossValidation
from core.training.jobs import Job
from core.training.run_library import about
from core.training.runs import Run
from core.training.workspace import Workspace, default_workspace


def job_named(where: Workspace, name: str) -> Job:
    """The run or the cross-validation of this name.

    Raises:
        RunError: There is neither.
    """
    return next((job for job in where.crossvals() if job.name == name), None) or where.run(name)


def titled(job: Job) -> str:
    """What it is and its name, to begin a sentence with."""
    return f"{job.kind.capitalize()} '{job.name}'"


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
