"""The scans of a data set in pages of thumbnails."""

from pathlib import Path

import streamlit as st

from core.config import Crop
from core.data.index import Dataset, Entry
from dashboard import survey
from dashboard.components import shell, thumbnails
from dashboard.components.words import count, plain
from dashboard.survey import Groups

COLUMNS = 8
ROWS = 3
CAPTION = 20
"""Letters of a file name under a thumbnail."""
GROUPS = 4
"""Groups of near copies on a page."""


@st.fragment
def gallery(dataset: Dataset, crop: Crop | None) -> None:
    """All scans, or those of one class, with the crop drawn in.

    Args:
        dataset: Whose scans.
        crop: How the brain is found; none where scans are cropped already.
    """
    with shell.problems():
        with st.container(horizontal=True, vertical_alignment="center"):
            label = st.segmented_control(
                "Class",
                ["All", *dataset.classes],
                default="All",
                required=True,
                key="gallery-class",
                format_func=plain,
                label_visibility="collapsed",
            )
            st.caption(
                "The blue frame is what the network gets to see. Amber: no brain was found, "
                "so the whole picture is used."
                if crop
                else "These scans count as cropped already: the network sees all of each.",
            )
        shown = [e for e in dataset.entries if label in ("All", e.label)]
        pages = -(-len(shown) // (COLUMNS * ROWS))
        place = st.container()
        page = st.pagination(pages, key=f"gallery-page-{label}-{pages}")
        first = (page - 1) * COLUMNS * ROWS
        with place, st.grid(COLUMNS, min_column_width=110, gap="small", key="gallery"):
            for entry in shown[first : first + COLUMNS * ROWS]:
                thumbnails.show(dataset, entry, crop, _caption(entry))


@st.fragment
def near_copies(dataset: Dataset, all_groups: Groups) -> None:
    """Groups of scans that are copies of one another, side by side."""
    with shell.problems():
        groups = survey.near_copies(dataset, all_groups)
        if not groups:
            st.write("No two scans of this folder are copies of one another.")
            return
        st.caption(
            "Scans that are the same picture, as it is or resized, flipped or turned. The "
            "leak-free protocol keeps each group on one side of the split."
        )
        pages = -(-len(groups) // GROUPS)
        place = st.container()
        page = st.pagination(pages, key=f"copies-page-{pages}") if pages > 1 else 1
        with place:
            for group in groups[(page - 1) * GROUPS : page * GROUPS]:
                _group(dataset, group)


def _group(dataset: Dataset, group: list[Entry]) -> None:
    labels = sorted({entry.label for entry in group})
    parts = sorted({entry.part for entry in group if entry.part})
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{count(len(group), 'scan')}**")
            if len(labels) > 1:
                st.badge("in both classes: one label is wrong", color="red")
            if len(parts) > 1:
                st.badge("in " + " and ".join(parts), color="orange")
        with st.grid(COLUMNS, min_column_width=110, gap="small"):
            for entry in group[:COLUMNS]:
                thumbnails.show(dataset, entry, None, _caption(entry))
        if len(group) > COLUMNS:
            st.caption(f"and {len(group) - COLUMNS} more")


def _caption(entry: Entry) -> str:
    name = Path(entry.file).name
    return plain(name if len(name) <= CAPTION else f"{name[: CAPTION - 6]}…{name[-5:]}")
