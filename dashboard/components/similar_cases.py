"""Training scans that the network sees as it sees this one, a row for each class."""

import streamlit as st

from core.explanation.similar import Case
from core.prediction import Prediction
from core.training.runs import Run
from dashboard import examinations, resources
from dashboard.components import reading, words
from dashboard.tray import Item


def show(run: Run, item: Item, prediction: Prediction) -> None:
    """The rows, for a scan that got an answer."""
    found = reading.result_or_progress(examinations.similar(run, item, prediction))
    if found is None:
        return
    with st.container(key="similar"):
        for label, cases in found.items():
            st.caption(f"Nearest of class **{words.plain(label)}**")
            for column, case in zip(
                st.columns(examinations.SIMILAR, gap="small"), cases, strict=False
            ):
                with column:
                    _case(run, case)
            if not cases:
                st.caption("There is none in the training part.")
    st.caption(
        "Distance is the network's own, 0 to 1: how differently its last convolution sees two "
        "scans. Near in it is no proof of the same finding."
    )


def _case(run: Run, case: Case) -> None:
    root = run.config.data.root
    st.image(
        resources.thumbnail(root, case.file, case.sha256, None),
        width="stretch",
        alt=f"Training scan of class {case.label}",
    )
    copy = " · near copy" if case.near_copy else ""
    st.caption(f"{case.distance:.3f}{copy}", help=words.plain(case.file))
