"""Train: watch the run in use, or set up a new one."""

import streamlit as st

from dashboard import state, survey
from dashboard.components import launch, reading, run_panel, shell

run = shell.header(
    "Train", "VGG19 is unfrozen step by step, from the head down to all of it.", watch=False
)

titles = ["Run in use", "New run"] if run else ["New run"]
opened = dict(zip(titles, st.tabs(titles, key=state.TRAIN_TAB, on_change="rerun"), strict=True))

if run and opened["Run in use"].open:
    with opened["Run in use"]:
        run_panel.show(run)

if opened["New run"].open:
    with opened["New run"]:
        folder = survey.folder()
        found = folder and survey.settled(
            reading.wait_for(survey.task_for(folder), "Reading scans")
        )
        if found:
            launch.show(found)
        else:
            shell.empty(
                "Which scans?",
                "Choose a folder of scans and say which class is the positive one. Protocol, "
                "stages and what they cost are then set here.",
                "views/data.py",
                "Choose scans",
            )
