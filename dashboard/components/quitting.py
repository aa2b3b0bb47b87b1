"""A quiet way out: the server ends, training does not."""

import streamlit as st

from dashboard import resources, server
from dashboard.components import tab
from dashboard.components.words import plain


def show() -> None:
    """The button, on a server that was started as a program of the desktop."""
    found = server.running(resources.workspace())
    if found is not None and found.is_this_process:
        with st.container(key="quit"):
            if st.button("Quit", type="tertiary", key="ask-to-quit"):
                _ask()


@st.dialog("Quit NeuroStage?")
def _ask() -> None:
    words = server.farewell(resources.workspace())
    st.write(f"{plain(words)} Runs are kept; scans that were dropped here are forgotten.")
    if st.button("Quit", type="primary", key="quit-now"):
        tab.leave([words, "You can close this window."])
        server.quit_soon()
