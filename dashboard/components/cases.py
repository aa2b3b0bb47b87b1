"""Scans in a list: what they are, how probable each stage found the positive class."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.training.runs import Run
from dashboard import resources, state
from dashboard.components import linked, pictures, words
from dashboard.thumbnails import SMALL

MOST = 60
ROW = 48


def show(
    run: Run, rows: pd.DataFrame, titles: Mapping[str, str], name: str, *, worst_at: str
) -> None:
    """The list, and the scan that is selected in it with the way to Explain.

    Args:
        run: Whose scans they are.
        rows: Columns file, view, label and one for each stage in `titles`: the probability of
            the positive class.
        titles: Of the stages, by column.
        name: What the list is of; another name is another list.
        worst_at: Stage whose worst calls come first; if there are too many, the rest is left out.
    """
    if rows.empty:
        st.caption("There is no such scan.")
        return
    total = len(rows)
    error = (rows[worst_at] - (rows["label"] == run.positive)).abs()
    worst = error.sort_values(ascending=False, kind="stable").index[:MOST]
    rows = rows.loc[worst].reset_index(drop=True)
    digests, root = resources.digests(run), run.config.data.root
    small = [resources.thumbnail(root, file, digests[file], None, SMALL) for file in rows["file"]]
    left, right = st.columns([3.2, 1], gap="medium")
    with left:
        selected = _table(run, rows, small, titles, name)
        most = f", of which {MOST} are shown" if total > MOST else ""
        st.caption(
            f"{words.count(total, 'scan')}{most}: the probability of {words.plain(run.positive)} "
            f"at each stage, the worst calls of {titles[worst_at]} first."
        )
    with right:
        row = rows.iloc[selected]
        _one(run, row, resources.thumbnail(root, row["file"], digests[row["file"]], None))


def _table(
    run: Run, rows: pd.DataFrame, small: list[bytes], titles: Mapping[str, str], name: str
) -> int:
    views = [f"{f}, view {v}" if v else f for f, v in zip(rows["file"], rows["view"], strict=True)]
    shown = pd.DataFrame({"scan": map(pictures.address, small), "file": views})
    columns = {
        "scan": st.column_config.ImageColumn("", width=56),
        "file": st.column_config.TextColumn("File", width="medium"),
    }
    for stage, title in titles.items():
        shown[stage] = 100 * rows[stage]
        columns[stage] = st.column_config.NumberColumn(
            title,
            format="%.1f %%",
            width=84,
            help=f"Probability of {words.plain(run.positive)}; from 50 % on it is called that",
        )
    chosen = st.dataframe(
        shown,
        key=state.of(f"cases-{name}", run.path, views),
        hide_index=True,
        row_height=ROW,
        height=ROW * min(len(rows), 6) + 40,
        on_select="rerun",
        selection_mode="single-row-required",
        column_config=columns,
        alt=f"Scans with the probability of {run.positive} at each stage",
    )
    return chosen.selection.rows[0] if chosen.selection.rows else 0


def _one(run: Run, row: pd.Series, thumbnail: bytes) -> None:
    st.image(thumbnail, width="stretch", alt=f"Scan {row['file']}")
    st.caption(f"{words.plain(row['file'])} is of class **{words.plain(row['label'])}**.")
    if row["view"]:
        st.caption("The list is of an augmented view; Explain opens the scan that it was made of.")
    if st.button("Explain this scan", type="primary", width="stretch"):
        linked.go(run, row["file"])
