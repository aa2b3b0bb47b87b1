"""The confusion matrices of all stages; the cell that is clicked says which scans are listed."""

import streamlit as st

from core.evaluation.changes import trajectory
from core.evaluation.metrics import outcomes
from core.evaluation.results import Comparison, Part
from core.reporting.figures import confusion_matrices
from core.training.runs import Run
from dashboard import state
from dashboard.components import cases, chart, part_picker

KEY = "confusion"
OUTCOMES = {
    "fn": "false negatives",
    "fp": "false positives",
    "tp": "true positives",
    "tn": "true negatives",
}


def show(run: Run, comparison: Comparison) -> None:
    """The matrices, and the scans of one cell. A click on a cell chooses it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        part = part_picker.show()
        percent = st.toggle("Per cent of each row", key=state.SHARES, bind="query-params")
    chart.show(
        confusion_matrices(comparison, part, percent=percent, look=chart.look()),
        KEY,
        f"Confusion matrices of {len(comparison.stages)} stages, {part} part",
        on_select=_take_click,
    )
    stage, outcome = _chosen(comparison, part)
    table = trajectory({name: run.predictions(name) for name in run.finished_stages()})
    rows = table[table["split"] == part]
    rows = rows[outcomes(rows.assign(probability=rows[stage]), run.positive) == outcome]
    rows = rows.sort_values(stage, ascending=outcome in ("fn", "tp"))
    titles = {stage.name: stage.title for stage in comparison.stages}
    cases.show(run, rows, titles, f"{part}-{stage}-{outcome}")


def _chosen(comparison: Comparison, part: Part) -> tuple[str, str]:
    titles = {stage.name: stage.title for stage in comparison.stages}
    if state.get(state.STAGE) not in titles:
        state.put(state.STAGE, comparison.keep.stage or next(iter(titles)))
    left, right = st.columns([1, 1.4], gap="medium")
    stage = left.segmented_control(
        "Scans of",
        list(titles),
        required=True,
        format_func=titles.__getitem__,
        key=state.STAGE,
        bind="query-params",
    )
    (tn, fp), (fn, tp) = getattr(comparison.stage(str(stage)), part).confusion
    counts = {"fn": fn, "fp": fp, "tp": tp, "tn": tn}
    outcome = right.segmented_control(
        f"which it called ({comparison.positive} is positive)",
        list(OUTCOMES),
        default="fn",
        required=True,
        format_func=lambda name: f"{counts[name]} {_of(counts[name], OUTCOMES[name])}",
        key=state.OUTCOME,
        bind="query-params",
    )
    return str(stage), str(outcome)


def _take_click() -> None:
    points = st.session_state[KEY].selection.points
    if points:
        st.session_state[state.STAGE], st.session_state[state.OUTCOME] = points[0]["customdata"]


def _of(number: int, many: str) -> str:
    return many[:-1] if number == 1 else many
