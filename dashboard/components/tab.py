"""What the browser's tab does by itself, beside the page: `assets/dashboard.js`."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from urllib.parse import quote

import streamlit as st

from dashboard.components import chart

ASSETS = Path(__file__).resolve().parents[2] / "assets"
HEADING = "NeuroStage has ended"
GONE = (
    "The program behind this page was closed. Training goes on without it, and runs are kept.",
    "Start NeuroStage again, and this page comes back by itself.",
)


def show() -> None:
    """Let the tab watch its theme and its server; nothing of this is seen."""
    with st.container(key="tab"):
        st.html(
            f'<span data-look="{chart.look()}"></span><script>{_script()}</script>',
            unsafe_allow_javascript=True,
        )
        st.button("Draw again", key="draw-again")


def leave(words: Sequence[str]) -> None:
    """Say goodbye in this tab, for its server is about to end: a page that needs none.

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
    script = (ASSETS / "dashboard.js").read_text("utf-8")
    page = quote((ASSETS / "farewell.html").read_text("utf-8"))
    for name, value in (("FAREWELL", page), ("HEADING", HEADING), ("GONE", GONE)):
        script = script.replace(f"/*{name}*/", json.dumps(value))
    return script
