"""ROC curves of all stages in one square."""

from collections.abc import Mapping
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from core.evaluation.pooled import Pooled
from core.evaluation.results import Comparison, OperatingResult
from core.reporting.figures.style import PALETTES, Look, empty, marked, stage_colour, styled


def roc_curves(
    curves: Mapping[str, pd.DataFrame],
    comparison: Comparison | Pooled,
    part: Literal["train", "validation", "test"] = "test",
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
    drawn = [
        stage
        for stage in comparison.stages
        if len(curves.get(stage.name, ())) and getattr(stage, part).auc is not None
    ]
    if not drawn:
        return empty("A ROC curve needs scans of both classes.", look)
    colours = PALETTES[look]
    figure = go.Figure(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            line={"color": colours.muted, "width": 1, "dash": "dot"},
            name="chance",
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for stage in drawn:
        result, points = getattr(stage, part), curves[stage.name]
        interval = result.intervals.get("auc")
        between = f" ({interval[0]:.2f}–{interval[1]:.2f})" if interval else ""
        figure.add_trace(
            go.Scatter(
                x=points["false_alarms"],
                y=points["sensitivity"],
                customdata=points["threshold"],
                mode="lines",
                line={"color": stage_colour(stage.name, look), "width": 2.2},
                name=f"{stage.title}: {result.auc:.3f}{between}",
                legendgroup=stage.name,
                hovertemplate=f"<b>{stage.title}</b><br>sensitivity %{{y:.1%}}, false alarms "
                "%{x:.1%}<br>threshold %{customdata:.2f}<extra></extra>",
            )
        )
        if result.sensitivity is not None and result.specificity is not None:
            figure.add_trace(
                go.Scatter(
                    x=[1 - result.specificity],
                    y=[result.sensitivity],
                    mode="markers",
                    cliponaxis=False,
                    marker={
                        "size": 9,
                        "color": colours.surface,
                        "line": {"color": stage_colour(stage.name, look), "width": 2.2},
                    },
                    legendgroup=stage.name,
                    showlegend=False,
                    hovertemplate=f"<b>{stage.title}</b>, called positive from 50 %<br>"
                    "sensitivity %{y:.1%}, false alarms %{x:.1%}<extra></extra>",
                )
            )
    for stage in drawn:
        point = (operating or {}).get(stage.name)
        if point and point.sensitivity is not None and point.specificity is not None:
            figure.add_trace(
                go.Scatter(
                    x=[1 - point.specificity],
                    y=[point.sensitivity],
                    mode="markers",
                    cliponaxis=False,
                    marker={
                        "symbol": "star-diamond",
                        "size": 14,
                        "color": stage_colour(stage.name, look),
                        "line": {"color": colours.text, "width": 1.2},
                    },
                    name=f"operating point, {stage.title}",
                    legendgroup=stage.name,
                    showlegend=False,
                    hovertemplate=f"<b>{stage.title}</b>, operating point<br>"
                    "sensitivity %{y:.1%}, false alarms %{x:.1%}<extra></extra>",
                )
            )
    styled(figure, look, height=440)
    figure.update_xaxes(
        title_text="False alarms (1 − specificity)", tickformat=".0%", range=[-0.01, 1.01]
    )
    figure.update_yaxes(
        title_text="Sensitivity", tickformat=".0%", range=[-0.01, 1.01], scaleanchor="x"
    )
    figure.update_xaxes(constrain="domain")
    figure.update_layout(
        margin={"t": 12},
        legend={
            "title": {"text": "AUC", "font": {"color": colours.muted, "size": 12}},
            "orientation": "v",
            "x": 0.98,
            "xanchor": "right",
            "y": 0.04,
            "yanchor": "bottom",
        },
    )
    return marked(figure, comparison.mark, look)
