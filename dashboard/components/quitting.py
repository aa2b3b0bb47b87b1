"""A quiet way out: the server ends, training does not."""

import html
from urllib.parse import quote

import streamlit as st

from dashboard import resources, server
from dashboard.components.words import plain

# Of its own, for the server that made the pages is gone and they would complain of that.
LAST_PAGE = """<!doctype html><meta charset="utf-8"><title>NeuroStage</title>
<body style="background:#0e1318;color:#d8dfe5;font:15px/1.6 sans-serif;display:grid;
place-content:center;height:90vh;margin:0 1.5rem"><div style="max-width:34rem">
<h1 style="font-size:1.5rem">NeuroStage has ended</h1><p>{words}</p>
<p>You can close this window.</p></div></body>"""


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
        page = quote(LAST_PAGE.format(words=html.escape(words)))
        # Streamlit takes out a script that stands alone, or has tags in it.
        st.html(
            "<p>NeuroStage has ended.</p><script>location.replace(URL.createObjectURL(new Blob("
            f"[decodeURIComponent('{page}')], {{type: 'text/html'}})))</script>",
            unsafe_allow_javascript=True,
        )
        server.quit_soon()
