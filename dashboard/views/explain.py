"""Explain: what the network says of a scan, and what in the scan spoke for it."""

import streamlit as st

from dashboard import desk
from dashboard.components import (
    drop_zone,
    linked,
    reading_desk,
    shell,
    slicing,
    stage_picker,
    worklist,
)

run = shell.header("Explain", "What the network says of a scan, and what in it spoke for that.")

if run is None or not run.finished_stages():
    shell.empty(
        "Here a scan gets an answer, with a map of what spoke for it",
        "It takes a trained stage to ask. The demonstration has one within minutes.",
        "views/train.py",
        "Train a stage",
    )
else:
    linked.open_scan(run)
    beside, middle = st.columns([1, 3.3], gap="medium")
    with beside:
        stage = stage_picker.show(run)
    if desk.tray().items:
        with beside:
            drop_zone.show("Drop more scans here")
            item = worklist.show(run, stage)
            linked.remember(item)
        with middle:
            reading_desk.show(run, stage, slicing.question(item))
    else:
        with middle, st.container(key="empty-desk"):
            drop_zone.show()
            drop_zone.samples(run)
