"""Precision-recall curves of all stages in one square."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from core.evaluation.results import Comparison, Part
from core.reporting.figures import thresholds
from core.reporting.figures.style import Look, empty, finished

SQUARE = thresholds.Square(
    x=("recall", "Recall (sensitivity)"),
    y=("precision", "Precision"),
    reading="precision %{y:.1%}, found %{x:.1%}",
    area=("average_precision", "Average precision"),
    legend={"x": 0.5, "xanchor": "center"},
    shape="hv",
)


def precision_recall_curves(
    curves: Mapping[str, pd.DataFrame],
    comparison: Comparison,
    part: Part = "test",
    *,
    look: Look = "dark",
) -> go.Figure:
    """How many of those called positive are, against how many are found, a curve a stage.

    The dotted line is chance: the share of positives among these scans, which need not be
    theirs in a hospital.

    Args:
        curves: Points of each stage, by its name (see
            `core.evaluation.precision_recall.precision_recall_curve`).
        comparison: Titles, and average precisions with intervals.
        part: Of the data, the one that `curves` were made from.
        look: Dark or light.
    """
    drawn = thresholds.with_curve(SQUARE, curves, comparison, part)
    if not drawn:
        return empty("A precision-recall curve needs scans of both classes.", look)
    (tn, fp), (fn, tp) = getattr(drawn[0], part).confusion
    share = (fn + tp) / (tn + fp + fn + tp)
    figure = thresholds.draw(SQUARE, curves, drawn, part, chance=(share, share), look=look)
    return finished(figure, comparison.mark, look)
