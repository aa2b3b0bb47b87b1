"""The confusion matrices of all stages; the cell that is clicked says which scans are listed."""

from functools import partial

import streamlit as st

from core.evaluation.changes import trajectory
from core.evaluation.metrics import outcomes
from core.evaluation.results import Comparison
from core.reporting.figures import confusion_matrices
from core.training.runs import Run
from dashboard import resources, state
from dashboard.components import cases, chart, part_picker

KEY = "confusion"
OUTCOMES = {
    "fn": "False negatives",
    "fp": "False positives",
    "tp": "True positives",
    "tn": "True negatives",
}


def show(run: Run, comparison: Comparison) -> None:
    """The matrices, and the scans of one cell. A click on a cell chooses it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        part = part_picker.show()
        percent = st.toggle("Per cent of each row", key=state.SHARES, bind="query-params")
    place = st.container()
    stage, outcome = _chosen(comparison)
    figure = chart.drawn(
        run,
        (KEY, part, percent, stage, outcome),
        partial(
            confusion_matrices,
            comparison,
            part,
            percent=percent,
            chosen=(stage, outcome),
            selectable=True,
        ),
    )
    with place:
        chart.show(
            figure,
            KEY,
            f"Confusion matrices of {len(comparison.stages)} stages, {part} part",
            width=chart.matrices_width(comparison),
            on_select=_take_click,
        )
    table = resources.derived(run, ("trajectory",), lambda: trajectory(resources.predictions(run)))
    rows = table[table["split"] == part]
    rows = rows[outcomes(rows.assign(probability=rows[stage]), run.positive) == outcome]
    titles = {stage.name: stage.title for stage in comparison.stages}
    cases.show(run, rows, titles, f"{part}-{stage}-{outcome}", worst_at=stage)


def _chosen(comparison: Comparison) -> tuple[str, str]:
    """By a click on a cell, by keyboard or by the page's address."""
    titles = {stage.name: stage.title for stage in comparison.stages}
    kept = comparison.keep.stage or comparison.stages[-1].name
    left, right = st.columns([1, 1.4], gap="medium")
    stage = left.segmented_control(
        "Scans of",
        list(titles),
        default=kept,
        required=True,
        format_func=titles.__getitem__,
        key=state.STAGE,
        bind="query-params",
    )
    outcome = right.segmented_control(
        f"that are, with {comparison.positive} as positive",
        list(OUTCOMES),
        default="fn",
        required=True,
        format_func=OUTCOMES.__getitem__,
        key=state.OUTCOME,
        bind="query-params",
    )
    return stage, outcome


def _take_click() -> None:
    points = st.session_state[KEY].selection.points
    if points:
        st.session_state[state.STAGE], st.session_state[state.OUTCOME] = points[0]["customdata"]
