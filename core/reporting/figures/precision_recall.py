"""Precision-recall curves of all stages in one square."""

from collections.abc import Mapping
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from core.evaluation.results import Comparison
from core.reporting.figures.style import PALETTES, Look, empty, marked, stage_colour, styled


def precision_recall_curves(
    curves: Mapping[str, pd.DataFrame],
    comparison: Comparison,
    part: Literal["train", "validation", "test"] = "test",
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
    drawn = [
        stage
        for stage in comparison.stages
        if len(curves.get(stage.name, ())) and getattr(stage, part).average_precision is not None
    ]
    if not drawn:
        return empty("A precision-recall curve needs scans of both classes.", look)
    colours = PALETTES[look]
    (tn, fp), (fn, tp) = getattr(drawn[0], part).confusion
    share = (fn + tp) / (tn + fp + fn + tp)
    figure = go.Figure(
        go.Scatter(
            x=[0, 1],
            y=[share, share],
            mode="lines",
            line={"color": colours.muted, "width": 1, "dash": "dot"},
            name="chance",
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for stage in drawn:
        result, points = getattr(stage, part), curves[stage.name]
        interval = result.intervals.get("average_precision")
        between = f" ({interval[0]:.2f}–{interval[1]:.2f})" if interval else ""
        figure.add_trace(
            go.Scatter(
                x=points["recall"],
                y=points["precision"],
                customdata=points["threshold"],
                mode="lines",
                line={"color": stage_colour(stage.name, look), "width": 2.2, "shape": "vh"},
                name=f"{stage.title}: {result.average_precision:.3f}{between}",
                hovertemplate=f"<b>{stage.title}</b><br>precision %{{y:.1%}}, found %{{x:.1%}}"
                "<br>threshold %{customdata:.2f}<extra></extra>",
            )
        )
    styled(figure, look, height=440)
    figure.update_xaxes(
        title_text="Recall (sensitivity)",
        tickformat=".0%",
        range=[-0.01, 1.01],
        constrain="domain",
    )
    figure.update_yaxes(
        title_text="Precision", tickformat=".0%", range=[-0.01, 1.01], scaleanchor="x"
    )
    figure.update_layout(
        margin={"t": 12},
        legend={
            "title": {"text": "Average precision", "font": {"color": colours.muted, "size": 12}},
            "orientation": "v",
            "x": 0.5,
            "xanchor": "center",
            "y": 0.04,
            "yanchor": "bottom",
        },
    )
    return marked(figure, comparison.mark, look)
