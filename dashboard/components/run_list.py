"""The runs so far, in a table, and what can be done with those chosen in it."""

import pandas as pd
import streamlit as st

from core.errors import RunError
from core.evaluation.overview import Overview, Share
from core.evaluation.percent import percent
from core.training.run_library import About, about, in_order
from core.training.runs import Run
from dashboard import resources, state
from dashboard.components import run_actions, run_comparison, trash
from dashboard.components.training_line import state_of
from dashboard.components.words import duration, moment

ROW, MOST_ROWS = 35, 10
OPTIONAL = ("Pinned", "Mark", "Note")
"""Columns that are shown when there is something in them."""


def show(runs: list[Run]) -> None:
    """Pinned runs first, then the newest; of each the protocol, the data and how far it came."""
    if not runs and not trash.anything():
        return
    st.subheader("Runs", anchor=False)
    trash.undo()
    said = {run.name: about(run) for run in runs}
    archived = sum(each.archived for each in said.values())
    if archived:
        label = f"Archived runs too ({archived})"
        everything = st.toggle(label, key=state.ARCHIVED, bind="query-params")
        runs = [run for run in runs if everything or not said[run.name].archived]
    if runs:
        chosen = _table(in_order(runs), said)
        run_actions.show(chosen)
        if len(chosen) > 1 and st.toggle(
            "Side by side", key=state.SIDE_BY_SIDE, bind="query-params"
        ):
            run_comparison.show(chosen)
    trash.show()


def sound(runs: list[Run]) -> list[Run]:
    """Those whose record can be read."""
    return [run for run in runs if _overview(run) is not None]


def _table(runs: list[Run], said: dict[str, About]) -> list[Run]:
    table = pd.DataFrame([_row(run, said[run.name]) for run in runs])
    table = table.drop(columns=[name for name in OPTIONAL if not table[name].any()])
    names = [run.name for run in runs]
    asked = st.query_params.get(state.CHOSEN, "").split(",")
    selection = st.dataframe(
        table,
        key=state.of(state.RUN_TABLE, names),
        hide_index=True,
        row_height=ROW,
        height=ROW * (min(len(runs), MOST_ROWS) + 1) + 3,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={
            "selection": {"rows": [i for i, name in enumerate(names) if name in asked]}
        },
        column_config={
            "Pinned": st.column_config.TextColumn(width=56),
            "Run": st.column_config.TextColumn(width="medium"),
            "Mark": st.column_config.TextColumn(width="medium"),
        },
        alt="Runs with their state, figures, protocol and data",
    )
    chosen = [runs[row] for row in selection.selection.rows if row < len(runs)]
    run_actions.choose([run.name for run in chosen])
    return chosen


def _row(run: Run, said: About) -> dict[str, object]:
    found = _overview(run)
    reached = state_of(run.status) if found else "Damaged"
    return {
        "Pinned": "★" if said.pinned else "",
        "Run": said.title or run.name,
        "State": f"{reached}, archived" if said.archived else reached,
        "Stages": f"{len(found.finished)} of {found.stages}" if found else "–",
        "Figures of": (found.reached if found else None) or "–",
        "Test accuracy, 95 % interval": _share(found.accuracy) if found else "–",
        "Mark": (found.mark if found else None) or "",
        "Sensitivity": _share(found.sensitivity) if found else "–",
        "Specificity": _share(found.specificity) if found else "–",
        "Protocol": found.protocol if found else "–",
        "Data": found.data if found else "–",
        "Trained for": duration(found.seconds or None) if found else "–",
        "Made": moment(found.created) if found else "–",
        "Note": said.note,
    }


def _overview(run: Run) -> Overview | None:
    try:
        return resources.overview(run)
    except RunError:
        return None


def _share(share: Share) -> str:
    if share.value is None:
        return "–"
    low, high = share.interval or (share.value, share.value)
    return f"{percent(share.value)} ({100 * low:.0f}–{100 * high:.0f})"
