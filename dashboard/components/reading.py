"""Waiting for work in the background without holding the page."""

import time
from typing import Any

import streamlit as st

from dashboard.components import shell
from dashboard.tasks import T, Task

PATIENCE = 0.4
"""Seconds after its beginning in which most work is done, so that no bar flashes up."""


def wait_for(task: Task[T], title: str) -> T:
    """The result of a task. While there is none, show how far it is and end the page here.

    Raises:
        NeuroStageError: What the task raised.
    """
    if not _soon(task):
        with st.container(border=True):
            st.markdown(f"**{title}**")
            _progress(task)
        st.stop()
    return task.result()


def result_or_progress(task: Task[T], *, on_demand: bool = False) -> T | None:
    """The result of a task; while there is none, how far it is, and the page goes on.

    Args:
        task: The task.
        on_demand: Whether it was begun by a click, so that another one may end it.

    Raises:
        NeuroStageError: What the task raised.
    """
    if _soon(task):
        return task.result()
    _progress(task, on_demand)
    return None


def _soon(task: Task[Any]) -> bool:
    """Whether a task is done, or soon will be; what takes long does not hold every rerun."""
    return task.wait(max(0.0, task.begun + PATIENCE - time.monotonic()))


def follow(task: Task[T]) -> None:
    """Draw the page again when a task is done that it does not wait for."""
    if not task.finished:
        _watch(task)


@st.fragment(run_every=1.0)
def _watch(task: Task[Any]) -> None:
    if task.finished:
        st.rerun()


@st.fragment(run_every=0.5)
def _progress(task: Task[Any], on_demand: bool = False) -> None:
    with shell.problems():
        if task.finished or task.cancelled:
            st.rerun()
        counted = f"{task.done:,} of {task.total:,}" if task.total > 1 else ""
        st.progress(task.share, text=f"{task.activity} {counted}")
        if on_demand:
            st.button(
                "Cancel",
                key=f"cancel-{id(task)}",
                on_click=task.cancel,
                icon=":material/close:",
                type="tertiary",
            )
