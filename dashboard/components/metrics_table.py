"""The figures of all stages in one table, each with its interval, and as CSV."""

import html
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from core.evaluation.intervals import Interval
from core.evaluation.percent import percent
from core.evaluation.results import (
    PARTS,
    AverageResult,
    BaselineResult,
    Beside,
    Comparison,
    Part,
    StageResult,
)
from core.model.architecture import in_short
from core.spreadsheet import csv_of
from core.training.runs import Run
from dashboard import resources
from dashboard.components import words

if TYPE_CHECKING:
    from core.evaluation.pooled import PooledStage

FIGURES = {
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "balanced_accuracy": "Balanced accuracy",
    "auc": "AUC",
    "average_precision": "Average precision",
    "loss": "Loss (cross-entropy)",
    "brier": "Brier score",
    "calibration_error": "Calibration error",
}
KINDS: dict[type, str] = {
    StageResult: "stage",
    AverageResult: "average",
    BaselineResult: "simple baseline",
}
SHARES = ("accuracy", "sensitivity", "specificity", "balanced_accuracy")


def show(comparison: Comparison, part: Part) -> None:
    """One column a stage, one row a figure."""
    head = "".join(f"<th>{_title(comparison, stage)}</th>" for stage in comparison.stages)
    columns: list[StageResult | Beside] = [*comparison.stages]
    if comparison.average and part != "train":
        columns.append(comparison.average)
        head += f"<th>{comparison.average.title}</th>"
    body = "".join(
        f"<tr><th>{label}</th>{''.join(figure(s, part, name) for s in columns)}</tr>"
        for name, label in FIGURES.items()
    )
    body += "".join(
        f'<tr class="plain"><th>{label}</th>'
        f"{''.join(f'<td>{text}</td>' for text in map(tell, comparison.stages))}"
        f"{'<td></td>' * (len(columns) - len(comparison.stages))}</tr>"
        for label, tell in _FACTS.items()
    )
    kept = [s.name for s in comparison.stages].index(comparison.keep.stage or "") + 2
    st.html(
        f"<style>.stages :is(td, th):nth-child({kept}) {{ background: var(--field); }}</style>"
        f'<table class="numbers stages" style="--columns: {len(columns)}">'
        f"<thead><tr><th></th>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def baselines(comparison: Comparison, part: Part) -> None:
    """The same figures of the simple baselines, in their own table."""
    if not comparison.baselines or part == "train":
        return
    head = "".join(f"<th>{html.escape(b.title)}</th>" for b in comparison.baselines)
    body = "".join(
        f"<tr><th>{label}</th>{''.join(figure(b, part, name) for b in comparison.baselines)}</tr>"
        for name, label in FIGURES.items()
    )
    st.html(
        f'<table class="numbers"><thead><tr><th>Simple baselines</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def downloads(run: Run, comparison: Comparison) -> None:
    """The numbers behind every figure of the page."""
    with st.container(horizontal=True, gap="small"):
        for label, table in (
            ("Figures", partial(long, comparison)),
            ("Epochs", run.history),
            ("Predictions", partial(predictions, run)),
        ):
            write = partial(_written, table, comparison)
            st.download_button(
                f"{label} as CSV",
                resources.derived(run, ("csv", label), write),
                file_name=f"{run.name}-{label.lower()}.csv",
                mime="text/csv",
                on_click="ignore",
                icon=":material/download:",
            )


def _written(table: Callable[[], pd.DataFrame], comparison: Comparison) -> str:
    return as_csv(table(), comparison)


def long(comparison: Comparison) -> pd.DataFrame:
    """Columns kind, stage, part, n, figure, value, low, high: one row a figure.

    Stages first, then their average and the simple baselines, on the parts they predicted.
    """
    rows: list[StageResult | Beside] = [*comparison.stages, *comparison.beside]
    return pd.DataFrame(
        {
            "kind": KINDS[type(row)],
            "stage": row.name,
            "part": part,
            "n": result.n,
            "figure": name,
            "value": getattr(result, name),
            "low": (found := result.intervals.get(name)) and found[0],
            "high": found and found[1],
        }
        for row in rows
        for part in PARTS
        if (result := getattr(row, part, None)) is not None
        for name in FIGURES
    )


def as_csv(table: pd.DataFrame, comparison: Comparison) -> str:
    """A table to keep, with a column `leaky`: whether the split of the run leaks."""
    return csv_of(table.assign(leaky=comparison.mark is not None))


def predictions(run: Run) -> pd.DataFrame:
    """The predictions of all finished stages under one another."""
    found = resources.predictions(run)
    return pd.concat([table.assign(stage=stage) for stage, table in found.items()])


def value(name: str, number: float | None) -> str:
    """A figure for reading: a share as per cent, all else with three decimals."""
    if number is None:
        return "–"
    return percent(number) if name in SHARES else f"{number:.3f}"


def interval(name: str, edges: Interval | None) -> str:
    """Its interval, without the unit."""
    if edges is None:
        return ""
    return "–".join(f"{100 * e:.1f}" if name in SHARES else f"{e:.3f}" for e in edges)


def _title(comparison: Comparison, stage: StageResult) -> str:
    mark = marks(comparison, stage)
    return html.escape(stage.title) + (f"<small>{', '.join(mark)}</small>" if mark else "")


def marks(comparison: Comparison, stage: StageResult) -> list[str]:
    """What must be said of a stage wherever it is named."""
    found = ["keep"] if stage.name == comparison.keep.stage else []
    if stage.worse:
        found.append("validation loss worse than the stage before")
    if stage.stale:
        found.append("stale: the stage before was trained anew")
    return found


def figure(stage: "StageResult | Beside | PooledStage", part: Part, name: str) -> str:
    """A table cell: the figure and below it the interval."""
    result = getattr(stage, part)
    return (
        f"<td>{value(name, getattr(result, name))}"
        f"<small>{interval(name, result.intervals.get(name))}</small></td>"
    )


_VERDICTS = {
    "beats": "Better than the best of them.",
    "no measurable difference": "Not measurably better than the best of them.",
    "does not beat": "Does not beat the best of them.",
}
_FACTS = {
    "Overfitting: validation minus training loss": lambda s: (
        "–" if s.overfitting.loss is None else words.signed(s.overfitting.loss, 3)
    ),
    "Epochs, the best of them": lambda s: f"{s.epochs}, {s.best_epoch or '–'}",
    "Trained parameters": lambda s: in_short(s.trainable_parameters),
    "Learning rate": lambda s: np.format_float_positional(s.learning_rate, trim="-"),
    "Against the stage before": lambda s: html.escape(s.note),
    "Against simple baselines, on test": lambda s: _VERDICTS[s.beats.verdict] if s.beats else "–",
}
