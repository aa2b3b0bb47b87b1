"""What a stage is worth at other thresholds than the usual one, and whether to trust its shares."""

from functools import partial

import plotly.graph_objects as go
import streamlit as st

from core.evaluation.calibration import reliability
from core.evaluation.parts import part_views
from core.evaluation.precision_recall import precision_recall_curve
from core.evaluation.results import Comparison
from core.evaluation.roc import roc_curve
from core.reporting import figures
from core.training.runs import Run
from dashboard import resources
from dashboard.components import calibration, chart, operating, part_picker


def show(run: Run, comparison: Comparison) -> None:
    """The operating points, ROC and precision-recall curves, and the calibration of one stage."""
    wanted = operating.choose()
    points = resources.derived(
        run, ("operating", *wanted), partial(operating.points, run, comparison, *wanted)
    )
    operating.show(comparison, points)
    part = part_picker.show()
    predictions = resources.predictions(run)
    rows = {name: table[table["split"] == part] for name, table in predictions.items()}
    kept = comparison.kept.name
    titles = {stage.name: stage.title for stage in comparison.stages}

    def roc(look: figures.Look) -> go.Figure:
        curves = {name: roc_curve(table, run.positive) for name, table in rows.items()}
        point = {kept: getattr(points[kept], part)}
        return figures.roc_curves(curves, comparison, part, operating=point, look=look)

    def precision_recall(look: figures.Look) -> go.Figure:
        curves = {name: precision_recall_curve(table, run.positive) for name, table in rows.items()}
        return figures.precision_recall_curves(curves, comparison, part, look=look)

    def calibrated(look: figures.Look) -> go.Figure:
        view = part_views(run, predictions[kept])[part]
        bins = {kept: reliability(view.rows, run.positive, view.bootstrap)}
        return figures.reliability_diagram(bins, titles, mark=comparison.mark, look=look)

    left, right = st.columns(2, gap="large")
    with left:
        figure = chart.drawn(run, ("roc", part, kept, points[kept].threshold), roc)
        chart.show(figure, "roc", "ROC curves of the stages")
    with right:
        figure = chart.drawn(run, ("precision-recall", part), precision_recall)
        chart.show(figure, "precision-recall", "Precision-recall curves of the stages")
    left, right = st.columns(2, gap="large", vertical_alignment="center")
    with left:
        figure = chart.drawn(run, ("calibration", part, kept), calibrated)
        chart.show(figure, "calibration", f"Observed against predicted share, {titles[kept]}")
    with right:
        calibration.show(comparison.stage(kept), part)
