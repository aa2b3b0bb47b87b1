"""A cross-validation as it trains: which fold, how long, and the button that stops it."""

from functools import partial

import streamlit as st

from core.training import jobs
from core.training.crossval import CrossValidation, CrossValidationStatus
from dashboard import resources, state
from dashboard.components import job_panel, shell
from dashboard.components.training_line import fold_at_work, folds_sentence, progress
from dashboard.components.words import count, duration, plain

POLL_SECONDS = 2.0


def picker() -> CrossValidation | None:
    """Choose among the cross-validations, newest first; none when there is none."""
    known = {crossval.name: crossval for crossval in resources.workspace().crossvals()}
    if not known:
        return None
    left, right = st.columns([1, 2], vertical_alignment="bottom", gap="large")
    names = list(known)
    name = left.selectbox(
        "Cross-validation",
        names,
        key=state.CROSSVAL,
        bind="query-params",
    )
    config = known[name].config
    right.caption(
        f"{config.protocol.title} on {plain(config.data.folder)} · {config.folds} folds · "
        f"{count(len(config.seeds), 'repetition')}"
    )
    return known[name]


def show(crossval: CrossValidation) -> None:
    """Where it is, followed for as long as it is at work."""
    active = crossval.status.active
    st.fragment(_progress, run_every=POLL_SECONDS if active else None)(
        crossval.name, active, crossval.finished_stages()
    )


def _progress(name: str, was_active: bool, finished: list[str]) -> None:
    with shell.problems():
        crossval = resources.workspace().crossval(name)
        status = crossval.status
        if status.active != was_active or crossval.finished_stages() != finished:
            st.rerun()
        job_panel.where_it_is(
            status,
            folds_sentence(crossval, status),
            share(crossval, status),
            details(crossval, status),
            partial(_action, crossval, status),
        )


def share(crossval: CrossValidation, status: CrossValidationStatus) -> float:
    """How much is done, 0-1: whole folds, and of the fold at work the stages it was asked for."""
    run, current = fold_at_work(crossval, status), status.current
    done = float(status.finished)
    if run is not None and current is not None:
        ended, left = len(run.finished_stages()), len(current.requested)
        training = progress(run, current) if current.activity == "Training" else 0.0
        done += (ended + training) / max(1, ended + left)
    return min(1.0, done / max(1, status.folds))


def details(crossval: CrossValidation, status: CrossValidationStatus) -> str:
    """Time left, or how far it has come."""
    if status.seconds_left is not None:
        return f"at most {duration(status.seconds_left)} left"
    stages = count(len(crossval.finished_stages()), "stage")
    return f"{status.finished} of {status.folds} folds · {stages} finished in all of them"


def _action(crossval: CrossValidation, status: CrossValidationStatus) -> None:
    """The one thing to do with it as it is."""
    if status.active:
        stopping = any(run.stop_request.exists() for run in crossval.runs())
        job_panel.button("Stop training", jobs.stop, crossval, disabled=stopping)
    elif status.state not in ("new", "finished"):
        job_panel.button("Resume", jobs.resume, crossval, primary=True)
    elif len(crossval.finished_stages()) < len(crossval.protocol.stages):
        job_panel.button("Train the rest", jobs.start_crossval, crossval, primary=True)
