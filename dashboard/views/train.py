"""Train: follow the run in use, or set up a new one."""

import streamlit as st

from dashboard import state
from dashboard.components import launch, run_panel, shell

run = shell.header(
    "Train", "VGG19 is unfrozen step by step, from the head down to all of it.", watch=False
)

if run is None:
    launch.show()
else:
    in_use, new = st.tabs(["Run in use", "New run"], key=state.TRAIN_TAB, bind="query-params")
    if in_use.open:
        with in_use:
            run_panel.show(run)
    if new.open:
        with new:
            launch.show()
