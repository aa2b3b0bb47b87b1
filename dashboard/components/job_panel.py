"""Where a run or a cross-validation is: one line, a bar, and the one thing to do beside them."""

from collections.abc import Callable

import streamlit as st

from core.training.folders import JobStatus
from core.training.jobs import Job
from dashboard.components import shell
from dashboard.components.words import plain


def where_it_is(
    status: JobStatus, headline: str, share: float, details: str, action: Callable[[], None]
) -> None:
    """The state in a line, with progress and time left, and below it what went wrong.

    Args:
        status: Of the job.
        headline: Its state in a few words.
        share: How much is done, 0–1.
        details: What stands at the bar.
        action: Draws the button.
    """
    with st.container(border=True, key="where"):
        words, button = st.columns([4, 1], vertical_alignment="center")
        with words:
            st.markdown(f"**{headline}**")
            st.progress(share, text=details)
        with button:
            action()
    if status.state == "failed" and status.message:
        st.error(plain(status.message), icon=":material/error:")
    if status.state == "interrupted":
        st.warning(
            "The training process ended without a word: the computer was shut down, the process "
            "was ended from outside, or the disk is full. Everything up to the last whole epoch "
            "is kept.",
            icon=":material/power_off:",
        )


def button(
    label: str, deed: object, job: Job, *, primary: bool = False, disabled: bool = False
) -> None:
    """A button as wide as its place that does something with the job."""
    st.button(
        label,
        type="primary" if primary else "secondary",
        width="stretch",
        key=f"{label}-{job.name}",
        on_click=shell.act,
        args=[deed, job],
        disabled=disabled,
    )
