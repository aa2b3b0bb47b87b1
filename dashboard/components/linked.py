"""A scan of the run's own data set that the page's address names: `?scan=FILE`."""

import streamlit as st

from core.training.runs import Run
from dashboard import resources, state, tray
from dashboard.tray import Item


def go(file: str) -> None:
    """Open the Explain page with a scan of the run in use."""
    st.switch_page("views/explain.py", query_params={state.SCAN: file})


def open_scan(run: Run) -> None:
    """Lay the scan on the desk that the address names, unless it is there since it named it."""
    file = st.query_params.get(state.SCAN)
    there = any(item.file == file for item in resources.tray().items.values())
    if file is None or (there and file == state.get(state.SCAN)):
        return
    state.put(state.SCAN, file)
    item = tray.from_run(run, file)
    if item is not None:
        resources.tray().put([item])


def remember(item: Item | None) -> None:
    """Let the address name the scan that is looked at, if the run can find it again."""
    file = item.file if item is not None else None
    state.put(state.SCAN, file)
    if file is not None:
        st.query_params[state.SCAN] = file
    elif state.SCAN in st.query_params:
        del st.query_params[state.SCAN]
