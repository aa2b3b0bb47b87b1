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


def offer_notifications() -> None:
    """A button that asks the browser; it is seen only where the browser has not been asked yet."""
    with st.container(key="offer-notifications"):
        st.button(
            "Notify me when it ends",
            key="notify-me",
            type="tertiary",
            help="The browser will ask you once. Nothing leaves this computer.",
        )


def notify(title: str, body: str, about: str) -> None:
    """Show a notification of the browser, if the user wants them and is looking elsewhere.

    Args:
        title: In one line.
        body: What more there is to say; may be empty.
        about: Two notifications about the same are shown as one, also from two tabs.
    """
    with st.container(key=f"told-{about}"):
        _run(f"notify({_literal(title)}, {_literal(body)}, {_literal(about)})")


def leave(words: Sequence[str]) -> None:
    """Say goodbye in this tab, for its server is about to end: a page that needs none.

    Args:
        words: A paragraph each.
    """
    _run(f"leave({_literal(HEADING)}, {_literal(list(words))})")


def _run(call: str) -> None:
    st.html(f"<span></span><script>window.neurostage.{call}</script>", unsafe_allow_javascript=True)


def _literal(value: object) -> str:
    """For a script; nothing in it looks like a tag."""
    return json.dumps(value).replace("<", "\\u003c")


@cache
def _script() -> str:
    script = (ASSETS / "dashboard.js").read_text("utf-8")
    page = quote((ASSETS / "farewell.html").read_text("utf-8"))
    for name, value in (("FAREWELL", page), ("HEADING", HEADING), ("GONE", GONE)):
        script = script.replace(f"/*{name}*/", json.dumps(value))
    return script
