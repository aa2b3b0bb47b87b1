"""The runs so far, in a table."""

import pandas as pd
import streamlit as st

from core.errors import RunError
from core.training.runs import Run
from dashboard.components.training_line import headline
from dashboard.components.words import moment

SHOWN = 8


def show(runs: list[Run]) -> None:
    """The newest runs: protocol, data, how far, test accuracy of the last stage."""
    rows = [row for run in runs[:SHOWN] if (row := _row(run)) is not None]
    if not rows:
        return
    st.subheader("Runs", anchor=False)
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "Stages": st.column_config.TextColumn(width="small"),
            "Test accuracy": st.column_config.ProgressColumn(
                format="percent", min_value=0, max_value=1
            ),
        },
    )


def _row(run: Run) -> dict[str, object] | None:
    try:
        config = run.config
    except RunError:
        return None
    finished = run.finished_stages()
    last = run.metrics(finished[-1]) if finished else None
    return {
        "Run": run.name,
        "State": headline(run, run.status),
        "Protocol": config.protocol.title,
        "Data": config.data.root.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1],
        "Stages": f"{len(finished)} of {len(config.protocol.stages)}",
        "Test accuracy": last["test"]["accuracy"] if last else None,
        "Made": moment(config.created),
    }
