"""Curves over all thresholds in one square: what ROC and precision-recall have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from core.evaluation.pooled import Pooled, PooledStage
from core.evaluation.results import Comparison, Part, StageResult
from core.reporting.figures.style import PALETTES, Look, reference_line, stage_colour, styled

Stage = StageResult | PooledStage


@dataclass(frozen=True)
class Square:
    """What is drawn against what.

    Attributes:
        x: Column of the points, and what the axis is called.
        y: The same.
        reading: A point in words, for plotly's hover.
        area: Name of the figure that sums a curve up, and what it is called.
        legend: Where there is room for a legend.
        shape: Of the line between two points.
    """

    x: tuple[str, str]
    y: tuple[str, str]
    reading: str
    area: tuple[str, str]
    legend: Mapping[str, object]
    shape: Literal["linear", "hv"] = "linear"


def with_curve(
    square: Square, curves: Mapping[str, pd.DataFrame], comparison: Comparison | Pooled, part: Part
) -> list[Stage]:
    """The stages that have a curve on this part: it takes scans of both classes."""
    figure, _ = square.area
    return [
        stage
        for stage in comparison.stages
        if len(curves.get(stage.name, ())) and getattr(getattr(stage, part), figure) is not None
    ]


def draw(
    square: Square,
    curves: Mapping[str, pd.DataFrame],
    stages: list[Stage],
    part: Part,
    *,
    chance: tuple[float, float],
    look: Look,
) -> go.Figure:
    """The curves of these stages, each named with its area and the interval of that.

    Args:
        square: What against what.
        curves: Points of each stage, by its name.
        stages: Those to draw (see `with_curve`).
        part: Of the data, the one that `curves` were made from.
        chance: Where the dotted line of chance begins and ends on the vertical axis.
        look: Dark or light.
    """
    figure = go.Figure(reference_line(chance, look, name="chance"))
    name, title = square.area
    for stage in stages:
        result, points = getattr(stage, part), curves[stage.name]
        interval = result.intervals.get(name)
        between = f" ({interval[0]:.2f}–{interval[1]:.2f})" if interval else ""
        figure.add_trace(
            go.Scatter(
                x=points[square.x[0]].tolist(),
                y=points[square.y[0]].tolist(),
                customdata=points["threshold"].tolist(),
                mode="lines",
                line={"color": stage_colour(stage.name, look), "width": 2.2, "shape": square.shape},
                name=f"{stage.title}: {getattr(result, name):.3f}{between}",
                legendgroup=stage.name,
                hovertemplate=f"<b>{stage.title}</b><br>{square.reading}"
                "<br>threshold %{customdata:.2f}<extra></extra>",
            )
        )
    styled(figure, look, height=440)
    axis = {"tickformat": ".0%", "range": [-0.01, 1.01]}
    figure.update_xaxes(title_text=square.x[1], constrain="domain", **axis)
    figure.update_yaxes(title_text=square.y[1], scaleanchor="x", **axis)
    figure.update_layout(
        margin={"t": 18, "r": 28},
        legend={
            "title": {"text": title, "font": {"color": PALETTES[look].muted, "size": 12}},
            "orientation": "v",
            "y": 0.04,
            "yanchor": "bottom",
            **square.legend,
        },
    )
    return figure
