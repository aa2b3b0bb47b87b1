"""Every slice of a volume: how probable the positive class is along it, and where to look."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import PurePath

import pandas as pd
import streamlit as st

from core.imaging.scans import Scan
from core.prediction import Prediction
from core.reporting.figures import slice_strip
from core.training.runs import Run
from dashboard import desk, reports, resources, state
from dashboard.components import chances, chart, reading, report, shell, slicing
from dashboard.reports import Score
from dashboard.tray import Item, Question

KEY = "slices"
ROW = 40
LONGEST = 5


def show(run: Run, stage: str, item: Item, prediction: Prediction) -> None:
    """The strip and the list of a volume's slices; nothing for a single picture."""
    scan = prediction.scan
    if scan is None or scan.slices < 2:
        return
    box = st.expander(
        f"Every slice, {scan.slices}",
        key=state.SLICES,
        on_change="rerun",
        icon=":material/stacked_line_chart:",
    )
    if not box.open:
        return
    with box, st.container(key="slices", gap="xsmall"):
        asked = slicing.question(item)
        # Whichever slice is looked at.
        question = replace(asked, selection=replace(asked.selection, slice=None))
        task = desk.reports().find(reports.scores_key(run, stage, question))
        if task is None:
            st.button(
                f"Score all {scan.slices} slices",
                key="score-slices",
                on_click=shell.act,
                args=(reports.scores, run, stage, question),
                icon=":material/play_arrow:",
                help="One after the other. The page can be used meanwhile.",
            )
            return
        found = reading.result_or_progress(task, on_demand=True)
        if isinstance(found, list):
            _scored(run, stage, question, scan, found)
            _report(run, stage, question, item)


def _scored(run: Run, stage: str, question: Question, scan: Scan, found: list[Score]) -> None:
    table = pd.DataFrame(
        {
            "slice": [score.slice + 1 for score in found],
            "probability": [score.probability for score in found],
            "reason": [score.reason for score in found],
        }
    ).astype({"probability": float})
    current, mark, look = scan.slice + 1, resources.mark(run), chart.look()
    figure = desk.drawn(
        (reports.scores_key(run, stage, question), current, mark, look),
        lambda: slice_strip(table, stage, run.positive, current=current, mark=mark, look=look),
    )
    turn = slicing.turner(question.item, scan)
    # Another slice is another figure, so that a point can be clicked that was clicked before.
    strip = f"{KEY}-strip-{current}"
    chart.show(
        figure,
        strip,
        f"Probability of {run.positive} over the slices",
        on_select=partial(_take_point, strip, turn),
    )
    ranked = sorted(found, key=lambda score: -chances.rank(score.status, score.probability))
    rows = pd.DataFrame(
        {
            "scan": [score.thumbnail for score in ranked],
            "slice": [score.slice + 1 for score in ranked],
            "answer": [chances.rank(score.status, score.probability) for score in ranked],
            "reason": [score.reason or "" for score in ranked],
        }
    )
    # The row of the slice in view is the one that is marked, however it came into view.
    order = [score.slice for score in ranked]
    marked, selection = order.index(scan.slice), st.session_state.get(f"{KEY}-list")
    if not selection or selection["selection"]["rows"] != [marked]:
        st.session_state[f"{KEY}-list"] = {"selection": {"rows": [marked]}}
    st.dataframe(
        chances.written(rows, "answer"),
        key=f"{KEY}-list",
        hide_index=True,
        row_height=ROW,
        height=ROW * min(len(rows), LONGEST) + 40,
        on_select=partial(_take_row, order, turn),
        selection_mode="single-row-required",
        column_config={
            "scan": st.column_config.ImageColumn("", width=48),
            "slice": st.column_config.NumberColumn("Slice", width=64),
            "answer": chances.column(run.positive),
            "reason": st.column_config.TextColumn("Bear in mind"),
        },
        placeholder="",
        alt="Slices, the most suspicious first; a click shows one",
    )
    silent = sum(score.probability is None for score in found)
    said = [f"The most suspicious of {len(found)} first; a click shows a slice."]
    if silent:
        said.append(f"{silent} got no answer: look at these yourself.")
    st.caption(" ".join(said))


def _report(run: Run, stage: str, question: Question, item: Item) -> None:
    manner = report.wanted(run)
    task = desk.reports().find(reports.slices_key(run, stage, question, manner))
    report.written(
        task,
        f"{PurePath(item.name).stem}-slices",
        "Report of all slices",
        "Asks about each slice again, with its map.",
        (reports.of_slices, run, stage, question, manner),
    )


def _take_point(strip: str, turn: Callable[[int], None]) -> None:
    points = st.session_state[strip].selection.points
    if points:
        turn(int(points[0]["x"]) - 1)


def _take_row(order: list[int], turn: Callable[[int], None]) -> None:
    rows = st.session_state[f"{KEY}-list"].selection.rows
    if rows:
        turn(order[rows[0]])
