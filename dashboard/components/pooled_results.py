"""The pooled figures of a cross-validation: one table, matrices, ROC curves, and as CSV."""

import html
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.evaluation.average import AVERAGE, average
from core.evaluation.pooled import Pooled
from core.evaluation.roc import roc_curve
from core.reporting import figures
from core.spreadsheet import csv_of
from core.training.crossval import CrossValidation
from dashboard import resources
from dashboard.components import chart, doubts, metrics_table
from dashboard.components.words import count, plain


def show(crossval: CrossValidation, pooled: Pooled) -> None:
    """The table, what it rests on, and the two figures."""
    if pooled.caveat:
        st.warning(pooled.caveat, icon=":material/warning:")
    if any(
        (weights := run.config.weights) and weights.source == "random" for run in crossval.runs()
    ):
        st.warning(
            "The folds started from random values, because no ImageNet weights could be had.",
            icon=":material/casino:",
        )
    table(pooled)
    st.caption(what_it_is(pooled))
    predictions = resources.derived(
        crossval, ("pooled predictions",), partial(tables, crossval, pooled)
    )
    figure = chart.drawn(
        crossval, ("pooled-confusion",), partial(figures.confusion_matrices, pooled)
    )
    width = chart.matrices_width(pooled)
    chart.show(figure, "pooled-confusion", "Pooled confusion matrices of the stages", width=width)

    def roc(look: figures.Look) -> go.Figure:
        curves = {name: roc_curve(rows, crossval.positive) for name, rows in predictions.items()}
        return figures.roc_curves(curves, pooled, look=look)

    left, right = st.columns(2, gap="large")
    with left:
        figure = chart.drawn(crossval, ("pooled-roc",), roc)
        chart.show(figure, "pooled-roc", "Pooled ROC curves of the stages")
    with right:
        if len(pooled.seeds) > 1:
            st.caption("Accuracy and AUC in each repetition")
            st.dataframe(repetitions(pooled), hide_index=True)
        st.download_button(
            "Predictions as CSV",
            resources.derived(crossval, ("csv",), partial(as_csv, predictions)),
            file_name=f"{crossval.name}-predictions.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
    doubts.show(crossval, pooled.doubts)


def table(pooled: Pooled) -> None:
    """One column a stage and a baseline, one row a figure, each with its interval."""
    columns = (*pooled.stages, *pooled.baselines)
    head = "".join(f"<th>{html.escape(column.title)}</th>" for column in columns)
    body = "".join(
        f"<tr><th>{label}</th>"
        f"{''.join(metrics_table.figure(column, 'test', name) for column in columns)}</tr>"
        for name, label in metrics_table.FIGURES.items()
    )
    st.html(
        f'<table class="numbers"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def repetitions(pooled: Pooled) -> pd.DataFrame:
    """One row a stage, one column a seed: accuracy and AUC."""
    return pd.DataFrame(
        [
            {"Stage": stage.title}
            | {
                f"Seed {result.seed}": f"{metrics_table.value('accuracy', result.accuracy)}, "
                f"{metrics_table.value('auc', result.auc)}"
                for result in stage.by_seed
            }
            for stage in pooled.stages
        ]
    )


def what_it_is(pooled: Pooled) -> str:
    """On what the figures rest, in words."""
    said = (
        f"{count(pooled.scans, 'scan')}, {pooled.groups:,} of them independent; each predicted by "
        f"the one of {pooled.folds} folds that held it out. Below each figure its "
        f"{100 * pooled.confidence:.0f} % interval."
    )
    if len(pooled.seeds) > 1:
        said += (
            f" Means over {len(pooled.seeds)} repetitions, in which the folds were dealt anew; "
            "the matrices add them up, and a scan counts once in an interval."
        )
    if pooled.settings:
        changed = ", ".join(f"{path} = {value}" for path, value in pooled.settings.items())
        said += f" Changed settings: {plain(changed)}."
    return said


def tables(crossval: CrossValidation, pooled: Pooled) -> dict[str, pd.DataFrame]:
    """Pooled predictions by stage, the average included."""
    names = [stage.name for stage in pooled.stages if stage.name != AVERAGE]
    found = {name: crossval.predictions(name) for name in names}
    if len(found) > 1:
        found[AVERAGE] = average(list(found.values()))
    return found


def as_csv(predictions: dict[str, pd.DataFrame]) -> str:
    """Those of all stages under one another."""
    return csv_of(pd.concat([rows.assign(stage=stage) for stage, rows in predictions.items()]))
