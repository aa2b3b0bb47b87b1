"""The last page: it needs no server, and stays when there is none."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from urllib.parse import quote

import streamlit as st

ASSETS = Path(__file__).resolve().parents[2] / "assets"
HEADING = "NeuroStage has ended"
GONE = (
    "The program behind this page was closed. Training goes on without it, and runs are kept.",
    "Start NeuroStage again, and this page comes back by itself.",
)


def watch() -> None:
    """Let the tab say goodbye by itself when the server is gone, however that came about."""
    st.html(f"<span></span><script>{_script()}</script>", unsafe_allow_javascript=True)


def now(words: Sequence[str]) -> None:
    """Say goodbye in this tab: the server is about to end.

    Args:
        words: A paragraph each.
    """
    told = f"{json.dumps(HEADING)}, {json.dumps(list(words))}".replace("<", "\\u003c")
    st.html(
        f"<p>{HEADING}.</p><script>window.neurostage.leave({told})</script>",
        unsafe_allow_javascript=True,
    )


@cache
def _script() -> str:
    page = quote((ASSETS / "farewell.html").read_text("utf-8"))
    script = (ASSETS / "dashboard.js").read_text("utf-8")
    return (
        script.replace("FAREWELL", page)
        .replace("HEADING", json.dumps(HEADING))
        .replace("GONE", json.dumps(GONE))
    )
