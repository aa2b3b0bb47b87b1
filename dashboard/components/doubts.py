"""Scans of a cross-validation whose label the networks speak against."""

import streamlit as st

from core.evaluation.doubts import Doubt
from core.training.crossval import CrossValidation
from dashboard import resources
from dashboard.components.words import count, plain

COLUMNS = 6
MOST = 24


def show(crossval: CrossValidation, found: list[Doubt]) -> None:
    """What is in doubt and what that means; the surest contradiction first."""
    st.subheader("Labels to look at again", anchor=False)
    if not found:
        st.caption("The networks speak surely against no label.")
        return
    said = (
        f"Networks that had not met {'it' if len(found) == 1 else 'them'} called "
        f"{count(len(found), 'scan')} the other class, as surely as they call scans that are "
        "labelled so. Here either the networks are wrong, or the label is. A wrong label costs "
        "twice: it is learned, and it counts as an error of whoever sees through it."
    )
    st.markdown(said)
    run = crossval.runs()[0]
    digests, root = resources.digests(run), run.config.data.root
    classes = {crossval.config.data.negative, crossval.config.data.positive}
    with st.grid(COLUMNS, min_column_width=130, gap="small", key="doubts"):
        for doubt in found[:MOST]:
            (other,) = classes - {doubt.label}
            with st.container(gap="xxsmall"):
                st.image(
                    resources.thumbnail(root, doubt.file, digests[doubt.file], None),
                    width="stretch",
                    alt=f"Scan of class {doubt.label}",
                )
                st.caption(
                    f"{plain(doubt.file)}  \nlabelled **{plain(doubt.label)}**, "
                    f"{100 * doubt.probability:.1f} % {plain(other)}"
                )
    if len(found) > MOST:
        st.caption(f"and {len(found) - MOST} more; `crossval --name` in the shell lists all.")
