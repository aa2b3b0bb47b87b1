"""All scans on the desk with their answers; one of them is looked at."""

import time

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.training.runs import Run
from dashboard import desk
from dashboard.components import call, chances, linked, slicing, words
from dashboard.tray import Item

ROW = 40
LONGEST = 6


def show(run: Run, stage: str) -> Item:
    """The list of a desk with at least one scan; returns the one that is selected."""
    tray = desk.tray()
    line = st.empty()
    rows = pd.DataFrame(_rows(run, stage, list(tray.items.values()), line))
    line.caption(words.count(len(rows), "scan"))
    keys = list(tray.items)
    selected = keys.index(tray.selected) if tray.selected in keys else 0
    chosen = st.dataframe(
        chances.written(rows, "answer"),
        # Another list is another widget, so that what was just opened is what is selected.
        key=f"worklist-{tray.version}",
        hide_index=True,
        row_height=ROW,
        height=ROW * min(len(rows), LONGEST) + 40,
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [selected]}},
        column_config={
            "scan": st.column_config.ImageColumn("", width=48),
            "file": st.column_config.TextColumn("File", width="small"),
            "answer": chances.column(run.positive),
        },
        placeholder="",
        alt="Scans on the desk with the probability of each",
    )
    tray.selected = keys[chosen.selection.rows[0] if chosen.selection.rows else selected]
    st.button("Clear the desk", on_click=_clear, type="tertiary", icon=":material/close:")
    return tray.items[tray.selected]


def _clear() -> None:
    desk.clear()
    call.forget()
    linked.remember(None)


def _rows(
    run: Run, stage: str, items: list[Item], line: DeltaGenerator
) -> list[dict[str, str | float | None]]:
    started = time.monotonic()
    rows = []
    for number, item in enumerate(items, start=1):
        glance = desk.glance(run, stage, slicing.question(item))
        rows.append({"scan": glance.thumbnail, "file": item.name, "answer": glance.rank})
        if time.monotonic() - started > 0.4 and number < len(items):
            line.progress(number / len(items), f"Asking the network: {number} of {len(items)}")
    return rows
