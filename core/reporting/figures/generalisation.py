"""What carries over: validation against test across the stages, and training against validation."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.evaluation.results import HELD_OUT, BaselineResult, Comparison, StageResult
from core.reporting.figures.style import (
    PALETTES,
    PART_COLOURS,
    PART_SYMBOLS,
    Look,
    faint,
    finished,
    stage_colour,
    styled,
)

SHORT = {
    "majority": "Majority<br>class",
    "metadata": "File<br>metadata",
    "hog": "HOG,<br>SVM",
    "features": "Frozen<br>features",
}
"""Titles of the baselines where there is little room."""


def validation_against_test(comparison: Comparison, *, look: Look = "dark") -> go.Figure:
    """Accuracy and loss of every stage on both held-out parts, with intervals.

    The stage to keep stands on a band; one whose validation loss is higher than that of the
    stage before is marked as worse. Simple baselines stand to the right, and a dotted line
    carries the best of them on test across to the stages.
    """
    figure = make_subplots(cols=2, horizontal_spacing=0.08)
    _held_out(figure, comparison.stages, 0, look)
    _stage_axis(figure, comparison, look)
    if comparison.baselines:
        _baselines(figure, comparison, look)
    styled(figure, look, height=340)
    figure.update_layout(legend={"y": 1.07}, margin={"l": 58, "t": 58})
    figure.update_yaxes(title_text="Accuracy", tickformat=".0%", col=1)
    figure.update_yaxes(title_text="Loss", rangemode="tozero", col=2)
    return finished(figure, comparison.mark, look)


def overfitting_gap(comparison: Comparison, *, look: Look = "dark") -> go.Figure:
    """By how much training looks better than validation at each kept checkpoint.

    Above nought is memory; an interval that holds nought shows none for certain.
    """
    figure = make_subplots(cols=2, horizontal_spacing=0.1)
    colours = PALETTES[look]
    for column, measure in enumerate(("loss", "accuracy"), start=1):
        values = [getattr(stage.overfitting, measure) for stage in comparison.stages]
        intervals = [stage.overfitting.intervals.get(measure) for stage in comparison.stages]
        for position, stage in enumerate(comparison.stages):
            value, interval = values[position], intervals[position]
            figure.add_trace(
                go.Scatter(
                    x=[position],
                    y=[value],
                    error_y=_bars([value], [interval]),
                    name=stage.title,
                    mode="markers",
                    marker={"size": 10, "color": stage_colour(stage.name, look)},
                    customdata=[[_reading(value, interval, measure)]],
                    hovertemplate="<b>%{fullData.name}</b><br>%{customdata[0]}<extra></extra>",
                ),
                1,
                column,
            )
        figure.add_hline(
            0, line={"color": colours.muted, "width": 1}, layer="below", row=1, col=column
        )
    _stage_axis(figure, comparison, look)
    styled(figure, look, height=300)
    figure.update_yaxes(title_text="Loss: validation − training", col=1)
    figure.update_yaxes(title_text="Accuracy: training − validation", tickformat=".0%", col=2)
    figure.update_layout(showlegend=False, margin={"t": 24})
    return finished(figure, comparison.mark, look)


def _held_out(
    figure: go.Figure, rows: Sequence[StageResult | BaselineResult], first: int, look: Look
) -> None:
    """Both parts beside one another: stages in a line, or simple baselines hollow.

    Args:
        figure: Accuracy in its first column, loss in its second.
        rows: Of the stages or of the baselines.
        first: Where the first of them stands on the horizontal axis.
        look: Dark or light.
    """
    stages = first == 0
    for column, measure in enumerate(("accuracy", "loss"), start=1):
        for part, shift in zip(HELD_OUT, (-0.08, 0.08), strict=True):
            results = [getattr(row, part) for row in rows]
            values = [getattr(result, measure) for result in results]
            intervals = [result.intervals.get(measure) for result in results]
            colour, symbol = PART_COLOURS[look][part], PART_SYMBOLS[part]
            hollow = {"symbol": f"{symbol}-open", "color": colour, "line": {"width": 2}}
            figure.add_trace(
                go.Scatter(
                    x=[first + position + shift for position in range(len(rows))],
                    y=values,
                    error_y=_bars(values, intervals),
                    name=part if stages else f"{part}, simple baseline",
                    legendgroup=part,
                    showlegend=stages and column == 1,
                    mode="lines+markers" if stages else "markers",
                    line={"color": colour, "width": 2},
                    marker={"size": 9} | ({"symbol": symbol} if stages else hollow),
                    customdata=[
                        [row.title, _reading(value, interval, measure)]
                        for row, value, interval in zip(rows, values, intervals, strict=True)
                    ],
                    hovertemplate=f"<b>%{{customdata[0]}}</b><br>{part} {measure} "
                    "%{customdata[1]}<extra></extra>",
                ),
                1,
                column,
            )


def _baselines(figure: go.Figure, comparison: Comparison, look: Look) -> None:
    """Add the baselines to the right of the stages, and the line to be cleared."""
    first = len(comparison.stages)
    at = list(range(first, first + len(comparison.baselines)))
    _held_out(figure, comparison.baselines, first, look)
    for column, (measure, best_of) in enumerate((("accuracy", max), ("loss", min)), start=1):
        reached = [
            (value, x)
            for x, baseline in zip(at, comparison.baselines, strict=True)
            if (value := getattr(baseline.test, measure)) is not None
        ]
        if reached:
            best, x = best_of(reached)
            figure.add_shape(
                type="line",
                x0=-0.5,
                x1=x,
                y0=best,
                y1=best,
                line={"color": PART_COLOURS[look]["test"], "width": 1.3, "dash": "dot"},
                layer="below",
                row=1,
                col=column,
            )
        edge = {"color": PALETTES[look].grid, "width": 1}
        figure.add_vline(first - 0.5, line=edge, row=1, col=column)
    axis = figure.layout.xaxis
    figure.update_xaxes(
        tickvals=[*axis.tickvals, *at],
        ticktext=[*axis.ticktext, *(SHORT[baseline.name] for baseline in comparison.baselines)],
        range=[-0.5, at[-1] + 0.5],
    )


def _stage_axis(figure: go.Figure, comparison: Comparison, look: Look) -> None:
    warning = f"<br><span style='color:{PALETTES[look].bad}'>loss worse</span>"
    titles = [stage.title + (warning if stage.worse else "") for stage in comparison.stages]
    figure.update_xaxes(
        tickvals=list(range(len(titles))),
        ticktext=titles,
        range=[-0.5, len(titles) - 0.5],
        showgrid=False,
        fixedrange=True,
    )
    for position, stage in enumerate(comparison.stages):
        if stage.name == comparison.keep.stage:
            for column in (1, 2):
                figure.add_vrect(
                    position - 0.4,
                    position + 0.4,
                    row=1,
                    col=column,
                    line_width=0,
                    layer="below",
                    fillcolor=faint(stage_colour(stage.name, look), 0.12),
                )
                figure.add_annotation(
                    text="keep",
                    font={"size": 11, "color": stage_colour(stage.name, look)},
                    x=position,
                    y=1,
                    yref="y domain",
                    yanchor="bottom",
                    row=1,
                    col=column,
                )


def _bars(values: list[float | None], intervals: list[Any]) -> dict[str, Any]:
    """Error bars that reach to the ends of each interval."""
    pairs = [
        (0.0, 0.0)
        if value is None or interval is None
        else (interval[1] - value, value - interval[0])
        for value, interval in zip(values, intervals, strict=True)
    ]
    return {
        "type": "data",
        "array": [max(0.0, up) for up, _ in pairs],
        "arrayminus": [max(0.0, down) for _, down in pairs],
        "thickness": 1.4,
        "width": 4,
    }


def _reading(value: float | None, interval: Any, measure: str) -> str:
    if value is None:
        return "not defined"
    scale, unit = (100, " %") if measure == "accuracy" else (1, "")
    digits = 1 if measure == "accuracy" else 3
    between = ""
    if interval is not None:
        between = f" ({interval[0] * scale:.{digits}f} to {interval[1] * scale:.{digits}f})"
    return f"{value * scale:.{digits}f}{unit}{between}"
