"""When a training ends: told once, on whatever page the user is, and outside it if they wish."""

import streamlit as st

from core.training.crossval import CrossValidation
from core.training.run_library import shown_name
from core.training.runs import Run
from dashboard import resources, state
from dashboard.components import tab
from dashboard.components.training_line import HEADLINES
from dashboard.components.words import plain

POLL_SECONDS = 3.0
Job = Run | CrossValidation


def show() -> None:
    """Tell what has ended since this session saw it at work, and watch what is at work now."""
    jobs = {f"{job.room}/{job.name}": job for job in _jobs()}
    watched = _watched()
    at_work = {key for key, job in jobs.items() if job.status.active}
    for key in sorted(watched - at_work):
        if key in jobs:  # else it was deleted
            _tell(jobs[key])
    # Only now: another run of the page may have cut this one short before anything was told.
    st.session_state[state.WATCHED] = "\n".join(sorted(at_work))
    if at_work:
        tab.offer_notifications()
        _watch()


@st.fragment(run_every=POLL_SECONDS)
def _watch() -> None:
    if not all(job.status.active for job in _jobs() if f"{job.room}/{job.name}" in _watched()):
        st.rerun()


def _tell(job: Job) -> None:
    status = job.status
    what = "Run" if isinstance(job, Run) else "Cross-validation"
    name = shown_name(job) if isinstance(job, Run) else job.name
    how = HEADLINES[status.state].lower()
    icons = {"finished": ":material/check_circle:", "failed": ":material/error:"}
    icon = icons.get(status.state, ":material/info:")
    if status.state != "stopped":  # who stopped it knows
        tab.notify(f"{what} {name}: {how}", status.message, about=job.name)
    st.toast(f"{what} {plain(name)}: {how}", icon=icon, duration="long")


def _jobs() -> list[Job]:
    workspace = resources.workspace()
    return [*workspace.runs(), *workspace.crossvals()]


def _watched() -> set[str]:
    return set(filter(None, (state.get(state.WATCHED) or "").split("\n")))
