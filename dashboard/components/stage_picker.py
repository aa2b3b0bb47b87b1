"""Which stage of the run is asked."""

import streamlit as st

from core.training.runs import Run
from dashboard import resources, state


def show(run: Run) -> str:
    """Choose among the finished stages; until then it is the one that the comparison keeps.

    Which one that is stands below and not in its label: the address has the label of what was
    chosen, and another stage may be recommended tomorrow.
    """
    finished = run.finished_stages()
    titles = {name: run.protocol.stage(name).title for name in finished}
    keep = resources.comparison(run).keep.stage
    with st.container(gap="xsmall"):
        stage = st.selectbox(
            "Stage",
            finished,
            index=finished.index(keep or finished[-1]),
            format_func=titles.__getitem__,
            key=state.STAGE,
            bind="query-params",
        )
        if keep is not None:
            st.caption(f"{titles[keep]} is recommended.")
    return stage
