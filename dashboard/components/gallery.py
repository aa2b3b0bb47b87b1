"""The scans of a data set in pages of thumbnails."""

from collections import Counter
from pathlib import Path

import streamlit as st

from core.config import Crop
from core.data.duplicates import Copies
from core.data.index import Dataset, Entry
from core.evaluation.mark import share_in_words
from dashboard import survey
from dashboard.components import shell, thumbnails
from dashboard.components.words import count, plain
from dashboard.survey import Survey

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
def near_copies(chosen: Survey, copies: Copies) -> None:
    """Groups of scans that are copies of one another, side by side, by what they do."""
    with shell.problems():
        dataset, found = chosen.dataset, survey.audit_of(chosen, copies)
        if not found.near_copies:
            st.write("No two scans of this folder are copies of one another.")
            return
        if found.leakage is not None:
            _own_split(found.leakage)
        with_same_pixels = {file for group in found.exact_copies for file in group}
        kinds = {
            "in all": found.near_copies,
            "with the same pixels": tuple(
                group for group in found.near_copies if with_same_pixels & set(group)
            ),
            "in both classes": found.across_classes,
        }
        if dataset.already_split:
            kinds["across parts"] = found.across_parts
        kind = st.segmented_control(
            "Groups",
            list(kinds),
            default="in all",
            required=True,
            format_func=lambda kind: f"{len(kinds[kind]):,} {kind}",
            key="copies-kind",
            help="A group is a scan with its copies: the same picture, as it is or resized, "
            "flipped or turned. The leak-free protocol keeps each group in one part.",
        )
        entries = {entry.file: entry for entry in dataset.entries}
        contradictory = set(found.across_classes)
        groups = sorted(kinds[kind], key=lambda g: (g in contradictory, len(g)), reverse=True)
        if not groups:
            st.caption("There is no such group.")
            return
        pages = -(-len(groups) // GROUPS)
        place = st.container()
        page = st.pagination(pages, key=f"copies-page-{kind}-{pages}") if pages > 1 else 1
        with place:
            for group in groups[(page - 1) * GROUPS : page * GROUPS]:
                _group(dataset, [entries[file] for file in group], with_same_pixels)


def _own_split(leaks: dict[str, float]) -> None:
    """Say what the folder's own split leaks."""
    leaking = [f"{share_in_words(share)} of the {part}" for part, share in leaks.items() if share]
    if leaking:
        st.warning(
            f"**The folder's own split leaks.** {' and '.join(leaking)} scans have a copy in "
            "training.",
            icon=":material/warning:",
        )
    else:
        st.success(
            "No validation or test scan of the folder's own split has a copy in training.",
            icon=":material/check:",
        )


def _group(dataset: Dataset, group: list[Entry], with_same_pixels: set[str]) -> None:
    labels = Counter(entry.label for entry in group)
    parts = sorted({entry.part for entry in group if entry.part})
    same = sum(entry.file in with_same_pixels for entry in group)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{count(len(group), 'scan')}**")
            if same:
                st.badge("same pixels" if same == len(group) else f"{same} with the same pixels")
            if len(labels) > 1:
                st.badge("in both classes", color="red")
            if len(parts) > 1:
                st.badge("in " + " and ".join(parts), color="orange")
        if len(labels) > 1:
            st.markdown("One of these labels must be wrong.")
            # The rarer label first, so that both are in sight however many scans there are.
            group = sorted(group, key=lambda entry: labels[entry.label])
        with st.grid(COLUMNS, min_column_width=110, gap="small"):
            for entry in group[:COLUMNS]:
                named = f"**{plain(entry.label)}**: {plain(entry.file)}"
                thumbnails.show(dataset, entry, None, named if len(labels) > 1 else _caption(entry))
        if len(group) > COLUMNS:
            st.caption(f"and {len(group) - COLUMNS} more")


def _caption(entry: Entry) -> str:
    name = Path(entry.file).name
    return plain(name if len(name) <= CAPTION else f"{name[: CAPTION - 6]}…{name[-5:]}")
