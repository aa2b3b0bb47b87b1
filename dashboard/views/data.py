"""Data: which scans, what is in them, what the crop keeps, and how they will be split."""

import streamlit as st

from core.protocols import LEAKFREE
from dashboard import state, survey
from dashboard.components import data_set, folders, gallery, reading, shell

shell.header("Data", "The scans that a network will learn from.", pick_run=False)

folder = folders.choose()
if folder is None:
    shell.empty(
        "No scans yet",
        "Choose a folder with one sub-folder for each of two classes, such as yes and no. Here "
        "you will see its scans with the crop drawn in, what could not be read, near copies "
        "and the planned split.",
        "views/home.py",
        "Or try the demonstration",
    )
    st.stop()

found = reading.wait_for(survey.task_for(folder), "Reading the folder")
folders.remember(folder)
chosen = data_set.choices(found)
if chosen is None:
    st.stop()
found, dataset = chosen, chosen.dataset

scans, split, near, unread = st.tabs(
    ["Scans", "Split", "Near copies", "Not read"], key=state.DATA_TAB, bind="query-params"
)
if scans.open:
    with scans:
        gallery.gallery(dataset, None if dataset.already_cropped else LEAKFREE.crop)
if split.open:
    with split:
        copies = reading.wait_for(survey.copies_of(found), "Before the split")
        groups = survey.groups(found, copies)
        data_set.planned_split(found, groups, data_set.protocol_choice())
if near.open:
    with near:
        copies = reading.wait_for(survey.copies_of(found), "Comparing all scans")
        gallery.near_copies(found, copies)
if unread.open:
    with unread:
        data_set.not_read(found)

st.page_link("views/train.py", label="Go on to training", icon=":material/arrow_forward:")
