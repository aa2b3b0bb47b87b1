"""A scan of the run's own data set that the page's address names: `?scan=DIGITS`."""

import streamlit as st

from core.training.runs import Run
from dashboard import desk, state, tray
from dashboard.tray import Item


def go(run: Run, file: str) -> None:
    """Open the Explain page with a scan of the run in use, by its name in the data set."""
    item = tray.from_run(run, file)
    _lay(item)
    link = item.link if item else None
    # Laid here and not by its address: of two files alike, the address opens the first.
    state.put(state.SCAN, link)
    st.switch_page("views/explain.py", query_params={state.SCAN: link} if link else {})


def open_scan(run: Run) -> None:
    """Lay the scan on the desk that the address names, unless it is there since it named it."""
    link = st.query_params.get(state.SCAN)
    there = any(item.link == link for item in desk.tray().items.values())
    if link is None or (there and link == state.get(state.SCAN)):
        return
    state.put(state.SCAN, link)
    _lay(tray.linked_to(run, link))


def remember(item: Item | None) -> None:
    """Let the address name the scan that is looked at, if the run can find it again."""
    link = item.link if item is not None else None
    state.put(state.SCAN, link)
    if link is not None:
        st.query_params[state.SCAN] = link
    elif state.SCAN in st.query_params:
        del st.query_params[state.SCAN]


def _lay(item: Item | None) -> None:
    if item is not None:
        desk.tray().put([item])
