"""Runs side by side: of each the stage to keep, on the test pictures, with intervals."""

import html
from collections.abc import Sequence

import streamlit as st

from core.evaluation.overview import pictures_tested
from core.training.run_library import shown_name
from core.training.runs import Run
from dashboard import resources
from dashboard.components import metrics_table
from dashboard.components.words import count, plain


def show(chosen: Sequence[Run]) -> None:
    """One column a run, one row a figure; runs without a finished stage are only named."""
    runs = [run for run in chosen if run.finished_stages()]
    if left_out := [plain(run.name) for run in chosen if run not in runs]:
        st.caption(f"No stage is finished yet in {', '.join(left_out)}.")
    if not runs:
        return
    kept = [resources.comparison(run).kept for run in runs]
    facts = {
        "Stage to keep": [stage.title for stage in kept],
        "Protocol": [run.protocol.title for run in runs],
        "Data": [resources.overview(run).data for run in runs],
        "Test pictures": [f"{stage.test.n:,}" for stage in kept],
    }
    head = "".join(f"<th>{html.escape(shown_name(run))}</th>" for run in runs)
    body = "".join(_row(label, texts) for label, texts in facts.items())
    marks = [resources.mark(run) or "" for run in runs]
    body += _row("Mark", marks, "leaky") if any(marks) else ""
    body += "".join(
        f"<tr><th>{label}</th>"
        f"{''.join(metrics_table.figure(stage, 'test', name) for stage in kept)}</tr>"
        for name, label in metrics_table.FIGURES.items()
    )
    st.html(
        f'<table class="numbers runs"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
    st.caption(_caveat(runs))


def _row(label: str, texts: Sequence[str], kind: str = "") -> str:
    cells = "".join(f"<td>{html.escape(text)}</td>" for text in texts)
    return f'<tr class="plain {kind}"><th>{label}</th>{cells}</tr>'


def _caveat(runs: Sequence[Run]) -> str:
    tested = [pictures_tested(run) for run in runs]
    shared = frozenset.intersection(*tested)
    said = "On the test pictures, with 95 % intervals."
    if all(pictures == shared for pictures in tested):
        return f"{said} All were tested on the same ones."
    return (
        f"{said} They were not tested on the same ones, but have "
        f"{count(len(shared), 'picture')} in common: figures differ for that reason as well."
    )
