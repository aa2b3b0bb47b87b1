"""Calls of readers, counted by model, and those that disagree."""

import html
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.evaluation.intervals import Interval
from core.evaluation.percent import percent
from core.readings.log import Reading
from core.readings.tally import Tally
from core.training.runs import Run
from dashboard import state
from dashboard.components import linked, words

ROW = 40
LONGEST = 10
COUNTS = {"readings": "Scans read", "agree": "Agree", "disagree": "Disagree", "unsure": "Unsure"}


def counts(run: Run, models: Sequence[Tally]) -> None:
    """One column a model, one row a figure."""
    head = "".join(f"<th>{_title(run, model)}</th>" for model in models)
    rows = {label: [str(getattr(m, name)) for m in models] for name, label in COUNTS.items()}
    rows["Agreement, of decided calls"] = [_agreement(model) for model in models]
    rows["Cohen's kappa"] = [_kappa(model) for model in models]
    rows["On scans of its own training"] = [str(model.trained_on) for model in models]
    rows["On answers given on demand"] = [str(model.overridden) for model in models]
    body = "".join(
        f"<tr><th>{label}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for label, cells in rows.items()
    )
    st.html(
        f'<table class="numbers readings"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def differing(run: Run, readings: Sequence[Reading]) -> None:
    """The list; a scan of the run's own data can be opened again."""
    if not readings:
        st.caption("There is none.")
        return
    files = run.split().drop_duplicates("sha256").set_index("sha256")["file"]
    titles = {stage.name: stage.title for stage in run.protocol.stages}
    known = [files.get(reading.scan_sha256) for reading in readings]
    shown = pd.DataFrame(
        {
            "when": [words.moment(reading.time) for reading in readings],
            "stage": [titles.get(reading.stage, reading.stage) for reading in readings],
            "called": [reading.label for reading in readings],
            "probability": [100 * reading.probability for reading in readings],
            "note": [reading.note for reading in readings],
            "scan": [
                file or f"dropped, {reading.scan_sha256[:12]}"
                for file, reading in zip(known, readings, strict=True)
            ],
        }
    )
    chosen = st.dataframe(
        shown,
        key=state.of("disagreements", run.path, [reading.hash for reading in readings]),
        hide_index=True,
        row_height=ROW,
        height=ROW * min(len(shown), LONGEST) + 40,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "when": "When",
            "stage": "Stage",
            "called": "The network said",
            "probability": st.column_config.NumberColumn(f"P({run.positive})", format="%.1f %%"),
            "note": st.column_config.TextColumn("Note", width="large"),
            "scan": st.column_config.TextColumn("Scan", width="medium"),
        },
        alt="Answers that a reader disagreed with",
    )
    file = known[chosen.selection.rows[0]] if chosen.selection.rows else None
    if file is not None and st.button("Explain this scan", type="primary"):
        linked.go(run, file)


def _title(run: Run, model: Tally) -> str:
    titles = {stage.name: stage.title for stage in run.protocol.stages}
    name = html.escape(titles.get(model.stage, model.stage))
    return f"{name}<small>model {html.escape(model.model_sha256[:8])}</small>"


def _agreement(model: Tally) -> str:
    if model.agreement is None:
        return "–"
    return percent(model.agreement) + _between(model.agreement_interval, 100, 1)


def _kappa(model: Tally) -> str:
    if model.kappa is None:
        return "–<small>takes calls of both classes</small>"
    no_doubt = "<small>no interval where all calls are alike</small>"
    return f"{model.kappa:.2f}" + (_between(model.kappa_interval, 1, 2) or no_doubt)


def _between(interval: Interval | None, times: int, digits: int) -> str:
    if interval is None:
        return ""
    low, high = (f"{times * edge:.{digits}f}".replace("-", "−") for edge in interval)
    return f"<small>{low} to {high}</small>"
