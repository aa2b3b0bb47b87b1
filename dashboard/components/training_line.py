"""One line on the training that is under way, for every page."""

import streamlit as st

from core.training.runs import Run, RunStatus
from dashboard import resources
from dashboard.components.words import duration, plain

POLL_SECONDS = 3.0


def show() -> None:
    """What trains now and how long it will take, as a link to it; nothing when nothing does."""
    if _at_work() is not None:
        _line()


@st.fragment(run_every=POLL_SECONDS)
def _line() -> None:
    found = _at_work()
    if found is None:
        st.rerun()
        return
    run, status = found
    with st.container(key="training-line"):
        st.page_link(
            "views/train.py",
            label=sentence(run, status),
            help=f"Run {plain(run.name)}",
            icon=":material/progress_activity:",
            query_params={"run": run.name},
        )


def sentence(run: Run, status: RunStatus) -> str:
    """`Stage 2, epoch 4 of 10 · at most 3 min left`."""
    parts = [headline(run, status)]
    if status.run_seconds_left is not None:
        parts.append(f"at most {duration(status.run_seconds_left)} left")
    return " · ".join(parts)


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
    if status.state == "running" or (status.state == "queued" and not status.activity):
        return status.activity or "Starting"
    return HEADLINES[status.state]


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
