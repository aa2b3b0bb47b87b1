"""Which stage of the run is asked."""

import streamlit as st

from core.training.runs import Run
from dashboard import resources, state


def show(run: Run) -> str:
    """Choose among the finished stages; the one that the comparison keeps comes first."""
    finished = run.finished_stages()
    keep = resources.comparison(run).keep.stage
    if state.get(state.STAGE) not in finished:
        state.put(state.STAGE, keep or finished[-1])

    def title(name: str) -> str:
        return run.protocol.stage(name).title + (" (recommended)" if name == keep else "")

    return str(
        st.selectbox("Stage", finished, key=state.STAGE, format_func=title, bind="query-params")
    )
