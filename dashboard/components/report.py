"""Reports to keep: of the scan in view, and of all scans on the desk."""

from pathlib import PurePath
from typing import Any

import streamlit as st

from core.explanation.methods import DEFAULT
from core.prediction import Prediction
from core.training.runs import Run
from dashboard import desk, examinations, reports, state
from dashboard.components import reading, shell, slicing, words
from dashboard.reports import Made, Manner
from dashboard.tasks import Task
from dashboard.tray import Item

SENSITIVITIES = (0.8, 0.9, 0.95, 0.99)
MIME = {"csv": "text/csv", "html": "text/html", "pdf": "application/pdf"}


def of_scan(run: Run, item: Item, prediction: Prediction, manner: Manner) -> None:
    """The report of the scan in view, made when it is opened."""
    box = st.expander("Report", key=state.REPORT, on_change="rerun", icon=":material/lab_profile:")
    if not box.open:
        return
    with box, st.container(key="scan-report", gap="xsmall"):
        st.caption("Scan, map, answer, and what speaks against it, on a page to file.")
        manner = Manner(manner.method, manner.target, sensitivity=_sensitivity("scan"))
        evidence = None
        if prediction.map is not None:
            full = examinations.is_fully_examined(item, prediction, manner.method)
            measured = examinations.evidence(run, item, prediction, manner.method, full=full)
            evidence = reading.result_or_progress(measured)
            if evidence is None:
                return
        question = slicing.question(item)
        made = reading.result_or_progress(
            reports.of_scan(run, question, prediction, evidence, manner)
        )
        if made is not None:
            downloads(made, PurePath(item.name).stem, ("pdf", "html"))


def of_desk(run: Run, stage: str) -> None:
    """The report of all scans on the desk, made when it is asked for."""
    items = list(desk.tray().items.values())
    if len(items) < 2:
        return
    box = st.expander(
        "Report of all", key=state.BATCH, on_change="rerun", icon=":material/summarize:"
    )
    if not box.open:
        return
    with box, st.container(key="batch", gap="xsmall"):
        checked = st.toggle(
            "Check each map",
            value=True,
            key=state.CHECKED,
            persist_state="session",
            help="Measures of each map how much of its heat is outside the head, and whether "
            "other methods agree. Takes about as long again.",
        )
        manner = wanted(run, checked=checked, sensitivity=_sensitivity("desk"))
        questions = [slicing.question(item) for item in items]
        task = desk.reports().find(reports.desk_key(run, stage, questions, manner))
        written(
            task,
            f"{run.name}-{stage}",
            f"Write it: {words.count(len(items), 'scan')}",
            "Asks about each scan as the desk shows it, with its map. The page can be used "
            "meanwhile.",
            (reports.of_desk, run, stage, questions, manner),
        )


def written(
    task: Task[object] | None, stem: str, label: str, tip: str, deed: tuple[Any, ...]
) -> None:
    """A report of many answers: a button to have it written, how far it is, or its files.

    Args:
        task: The one that writes it; none before it is asked for.
        stem: Of the names of its files.
        label: Of the button.
        tip: Its help.
        deed: What starts the task, and its arguments.
    """
    if task is None:
        st.button(
            label,
            key=f"write-{stem}",
            help=tip,
            on_click=shell.act,
            args=deed,
            icon=":material/summarize:",
            width="stretch",
        )
        return
    made = reading.result_or_progress(task, on_demand=True)
    if isinstance(made, Made):
        downloads(made, stem, ("pdf", "html", "csv"))


def wanted(run: Run, *, checked: bool = False, sensitivity: float | None = None) -> Manner:
    """The manner that the controls of the desk ask for."""
    target = state.get(state.TARGET)
    return Manner(
        method=state.get(state.METHOD) or DEFAULT,
        target=run.classes.index(target) if target in run.classes else None,
        checked=checked,
        sensitivity=sensitivity,
    )


def downloads(made: Made, stem: str, kinds: tuple[str, ...]) -> None:
    """A button a kind, and what is in the report."""
    with st.container(horizontal=True, gap="xsmall"):
        for kind in kinds:
            # The bytes, not a function that makes them (see `answer._file`).
            st.download_button(
                kind.upper(),
                made.files[kind],
                file_name=f"{stem}-report.{kind}",
                mime=MIME[kind],
                key=f"report-{stem}-{kind}",
                on_click="ignore",
                icon=":material/download:",
                width="stretch",
            )
    silent = f", {made.silent} without an answer" if made.silent else ""
    counted = f"{words.count(made.scans, 'answer')}{silent}. " if made.scans > 1 else ""
    st.caption(f"{counted}Made {made.date}.")


def _sensitivity(name: str) -> float | None:
    """Whether the report calls at an operating point, and at which."""
    chosen = st.selectbox(
        "Also call at a sensitivity of",
        (None, *SENSITIVITIES),
        format_func=lambda share: "–" if share is None else f"{100 * share:g} %",
        key=f"{state.POINT}-{name}",
        persist_state="session",
        help="The threshold that reaches it on validation is chosen; see Compare, Thresholds.",
    )
    return None if chosen is None else float(chosen)
