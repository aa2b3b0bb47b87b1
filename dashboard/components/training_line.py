"""One line on the training that is under way, for every page."""

import streamlit as st

from core.training.crossval import CrossValidation, CrossValidationStatus
from core.training.runs import Run, RunStatus
from dashboard import resources, state
from dashboard.components.words import duration, plain

POLL_SECONDS = 3.0


def show() -> None:
    """What trains now and how long it will take, as a link to it; nothing when nothing does."""
    if _at_work() is not None or _folds_at_work() is not None:
        _line()


@st.fragment(run_every=POLL_SECONDS)
def _line() -> None:
    run, folds = _at_work(), _folds_at_work()
    if run is None and folds is None:
        st.rerun()
        return
    with st.container(key="training-line"):
        if folds is not None and (run is None or run[1].state == "queued"):
            crossval, of_all = folds
            st.page_link(
                "views/crossval.py",
                label=folds_sentence(crossval, of_all),
                help=f"Cross-validation {plain(crossval.name)}",
                icon=":material/progress_activity:",
                query_params={state.CROSSVAL: crossval.name},
            )
        elif run is not None:
            st.page_link(
                "views/train.py",
                label=sentence(*run),
                help=f"Run {plain(run[0].name)}",
                icon=":material/progress_activity:",
                query_params={state.OPEN: run[0].name},
            )


def sentence(run: Run, status: RunStatus) -> str:
    """`Stage 2, epoch 4 of 10 · at most 3 min left`."""
    parts = [headline(run, status)]
    if status.run_seconds_left is not None:
        parts.append(f"at most {duration(status.run_seconds_left)} left")
    return " · ".join(parts)


def folds_sentence(crossval: CrossValidation, status: CrossValidationStatus) -> str:
    """`Fold 2 of 5: Stage 1, epoch 3 of 10`."""
    run = fold_at_work(crossval, status)
    if run is None or status.current is None:
        return HEADLINES[status.state]
    return f"Fold {status.finished + 1} of {status.folds}: {headline(run, status.current)}"


def fold_at_work(crossval: CrossValidation, status: CrossValidationStatus) -> Run | None:
    """The fold that is being trained."""
    return next((run for run in crossval.runs() if run.name == status.at_work), None)


HEADLINES = {
    "new": "Not started",
    "queued": "Waiting for its turn",
    "running": "Training",
    "stopped": "Stopped",
    "interrupted": "Interrupted",
    "failed": "Ended by an error",
    "finished": "Finished",
}


def headline(run: Run, status: RunStatus) -> str:
    """The state of a run in a few words."""
    if status.active and run.stop_request.exists():
        return "Stopping at the next batch"
    if status.state == "running" and status.stage:
        stage = run.protocol.stage(status.stage).title
        if status.activity == "Training":
            return f"{stage}, epoch {status.epoch} of {status.epochs}"
        return f"{stage}: {status.activity[:1].lower()}{status.activity[1:]}"
    if status.state == "running":
        return status.activity or "Starting"
    return state_of(status)


def state_of(status: RunStatus) -> str:
    """The state of a run in the words of a list, which is not drawn again with every epoch."""
    waits = status.state == "queued" and not status.activity
    return "Starting" if waits else HEADLINES[status.state]


def progress(run: Run, status: RunStatus) -> float:
    """How much of the present activity is done, or of the run when it is not at work: 0–1."""
    if not status.active:
        return len(run.finished_stages()) / len(run.protocol.stages)
    share = status.step / status.steps if status.steps else 0.0
    if status.activity == "Training" and status.epochs:
        share = (status.epoch - 1 + share) / status.epochs
    return min(1.0, max(0.0, share))


def at_work(runs: list[Run]) -> tuple[Run, RunStatus] | None:
    """The run that trains, else the one that waits; none when none does."""
    active = [(run, status) for run in runs if (status := run.status).active]
    return min(active, key=lambda pair: pair[1].state == "queued", default=None)


def _at_work() -> tuple[Run, RunStatus] | None:
    return at_work(resources.workspace().runs())


def _folds_at_work() -> tuple[CrossValidation, CrossValidationStatus] | None:
    """The cross-validation that trains, else one that waits; none when none does."""
    known = [(crossval, crossval.status) for crossval in resources.workspace().crossvals()]
    active = [(crossval, status) for crossval, status in known if status.active]
    return min(active, key=lambda pair: pair[1].state == "queued", default=None)
