"""The runs so far, in a table."""

import pandas as pd
import streamlit as st

from core.errors import RunError
from core.evaluation.intervals import wilson
from core.training.runs import Run
from dashboard import resources
from dashboard.components.training_line import headline
from dashboard.components.words import moment, percent

SHOWN = 8
LEAKY = "Mark"


def show(runs: list[Run]) -> None:
    """The newest runs: protocol, data, how far, test accuracy of the last stage."""
    rows = [row for run in runs[:SHOWN] if (row := _row(run)) is not None]
    if not rows:
        return
    st.subheader("Runs", anchor=False)
    table = pd.DataFrame(rows)
    if not table[LEAKY].any():
        table = table.drop(columns=LEAKY)
    st.dataframe(table, hide_index=True)


def _row(run: Run) -> dict[str, object] | None:
    try:
        config = run.config
    except RunError:
        return None
    finished = run.finished_stages()
    return {
        "Run": run.name,
        "State": headline(run, run.status),
        "Protocol": config.protocol.title,
        "Data": config.data.root.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1],
        "Stages": f"{len(finished)} of {len(config.protocol.stages)}",
        "Test accuracy, 95 % interval": _accuracy(run, finished[-1]) if finished else "–",
        LEAKY: resources.mark(run) or "",
        "Made": moment(config.created),
    }


def _accuracy(run: Run, stage: str) -> str:
    found = resources.summary(run, stage, "test")
    if found.accuracy is None:
        return "–"
    interval = wilson(round(found.accuracy * found.n), found.n)
    between = f" ({100 * interval[0]:.0f}–{100 * interval[1]:.0f})" if interval else ""
    return percent(found.accuracy) + between
