"""ROC curves of all stages in one square."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.evaluation.pooled import Pooled
from core.evaluation.results import Comparison, OperatingResult, Part
from core.reporting.figures import thresholds
from core.reporting.figures.style import PALETTES, Look, empty, finished, stage_colour

SQUARE = thresholds.Square(
    x=("false_alarms", "False alarms (1 − specificity)"),
    y=("sensitivity", "Sensitivity"),
    reading="sensitivity %{y:.1%}, false alarms %{x:.1%}",
    area=("auc", "AUC"),
    legend={"x": 0.98, "xanchor": "right"},
)


def roc_curves(
    curves: Mapping[str, pd.DataFrame],
    comparison: Comparison | Pooled,
    part: Part = "test",
    *,
    operating: Mapping[str, OperatingResult] | None = None,
    look: Look = "dark",
) -> go.Figure:
    """Sensitivity against false alarms over all thresholds, a curve a stage.

    Args:
        curves: Points of each stage (see `core.evaluation.roc.roc_curve`), by its name.
        comparison: Titles, AUCs with intervals, and the point at a threshold of one half.
        part: Of the data, the one that `curves` were made from.
        operating: Where the operating points of some stages lie on this part, by their names.
        look: Dark or light.
    """
    drawn = thresholds.with_curve(SQUARE, curves, comparison, part)
    if not drawn:
        return empty("A ROC curve needs scans of both classes.", look)
    colours = PALETTES[look]
    figure = thresholds.draw(SQUARE, curves, drawn, part, chance=(0, 1), look=look)
    for stage in drawn:
        ring = {
            "size": 9,
            "color": colours.surface,
            "line": {"color": stage_colour(stage.name, look), "width": 2.2},
        }
        _mark(figure, stage, getattr(stage, part), ring, ", called positive from 50 %")
    for stage in drawn:
        star = {
            "symbol": "star-diamond",
            "size": 14,
            "color": stage_colour(stage.name, look),
            "line": {"color": colours.text, "width": 1.2},
        }
        if point := (operating or {}).get(stage.name):
            _mark(figure, stage, point, star, ", operating point")
    return finished(figure, comparison.mark, look)


def _mark(
    figure: go.Figure, stage: thresholds.Stage, result: Any, marker: dict[str, Any], what: str
) -> None:
    """Mark the point of a stage at one threshold, where both of its rates are defined."""
    if result.sensitivity is None or result.specificity is None:
        return
    figure.add_trace(
        go.Scatter(
            x=[1 - result.specificity],
            y=[result.sensitivity],
            mode="markers",
            cliponaxis=False,
            marker=marker,
            name=f"{stage.title}{what}",
            legendgroup=stage.name,
            showlegend=False,
            hovertemplate=f"<b>{stage.title}</b>{what}<br>{SQUARE.reading}<extra></extra>",
        )
    )
