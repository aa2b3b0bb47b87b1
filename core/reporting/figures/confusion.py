"""The confusion matrices of all stages on one colour scale."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.evaluation.pooled import Pooled, PooledStage
from core.evaluation.results import Comparison, Part, StageResult
from core.reporting.figures.matrix import CELLS, PLACES, cells, class_axes
from core.reporting.figures.style import (
    PALETTES,
    Look,
    Palette,
    marked,
    share,
    stage_colour,
    styled,
)


def confusion_matrices(
    comparison: Comparison | Pooled,
    part: Part = "test",
    *,
    percent: bool = False,
    selectable: bool = False,
    look: Look = "dark",
) -> go.Figure:
    """One matrix a stage: a row is what a scan is, a column what it was called.

    Args:
        comparison: The stages, of a run or pooled over folds.
        part: Of the data; what is pooled has a test part only.
        percent: Colour and read shares of each row instead of counts.
        selectable: Whether a click on a cell chooses it.
        look: Dark or light.

    Returns:
        A figure in which each cell is a point; its `customdata` is [stage, cell],
        cell being one of tn, fp, fn, tp.
    """
    colours = PALETTES[look]
    stages: Sequence[StageResult | PooledStage] = comparison.stages
    counts = [np.array(getattr(stage, part).confusion) for stage in stages]
    rows = [np.maximum(count.sum(axis=1, keepdims=True), 1) for count in counts]
    shares = [count / row for count, row in zip(counts, rows, strict=True)]
    shown = [100 * s for s in shares] if percent else counts
    top = 100.0 if percent else float(max(count.max() for count in counts) or 1)
    figure = make_subplots(
        cols=len(stages), shared_yaxes=True, horizontal_spacing=0.14 / max(2, len(stages))
    )
    for column, stage in enumerate(stages, start=1):
        values = shown[column - 1]
        figure.add_trace(
            go.Heatmap(
                z=values, coloraxis="coloraxis", xgap=3, ygap=3, showscale=False, hoverinfo="skip"
            ),
            1,
            column,
        )
        figure.add_trace(
            _cells(
                comparison,
                stage,
                counts[column - 1],
                shares[column - 1],
                percent,
                colours,
            ),
            1,
            column,
        )
        figure.add_annotation(
            _heading(stage, part, look), row=1, col=column, xref="x domain", yref="y domain"
        )
    names = [comparison.negative, comparison.positive]
    slanted = len(stages) > 2 and max(map(len, names)) > 9
    class_axes(figure, names, angle=-25 if slanted else 0)
    styled(figure, look, height=320 if slanted else 300)
    figure.update_yaxes(title_text="What it is", col=1)
    figure.add_annotation(
        text="What it was called",
        x=0.5,
        y=0,
        xref="paper",
        yref="paper",
        yshift=-64 if slanted else -42,
    )
    steps = len(colours.sequence) - 1
    figure.update_layout(
        coloraxis={
            "colorscale": [[i / steps, colour] for i, colour in enumerate(colours.sequence)],
            "cmin": 0,
            "cmax": top,
            "colorbar": {
                "thickness": 8,
                "outlinewidth": 0,
                "nticks": 5,
                "ticksuffix": " %" if percent else "",
                "tickfont": {"color": colours.muted, "size": 11},
                "x": 1.01,
            },
        },
        margin={"t": 58, "b": 78 if slanted else 56},
        showlegend=False,
        clickmode="event+select" if selectable else "none",
    )
    return marked(figure, comparison.mark, look)


def _cells(
    comparison: Comparison | Pooled,
    stage: StageResult | PooledStage,
    counts: Any,
    shares: Any,
    percent: bool,
    colours: Palette,
) -> go.Scatter:
    """Text and a clickable point for each cell."""
    names = (comparison.negative, comparison.positive)
    big = [share(shares[cell], 0) if percent else f"{counts[cell]}" for cell in PLACES]
    small = [f"{counts[cell]}" if percent else share(shares[cell], 0) for cell in PLACES]
    return cells(
        size=56,
        text=[
            f"<span style='font-size:1.35em'>{b}</span><br>{s}"
            for b, s in zip(big, small, strict=True)
        ],
        textfont={"color": colours.on_fill, "size": 12},
        customdata=[[stage.name, CELLS[is_][called]] for is_, called in PLACES],
        hovertext=[
            f"<b>{stage.title}</b><br>{counts[is_, called]} of {counts[is_].sum()} {names[is_]} "
            f"called {names[called]}"
            for is_, called in PLACES
        ],
    )


def _heading(stage: StageResult | PooledStage, part: str, look: Look) -> dict[str, Any]:
    result = getattr(stage, part)
    interval = result.intervals.get("accuracy")
    between = f" ({100 * interval[0]:.0f}–{100 * interval[1]:.0f})" if interval else ""
    return {
        "text": (
            f"<b style='color:{stage_colour(stage.name, look)}'>{stage.title}</b><br>"
            f"<span style='color:{PALETTES[look].muted}'>{share(result.accuracy)}{between}</span>"
        ),
        "x": 0.5,
        "y": 1,
        "yanchor": "bottom",
        "yshift": 4,
        "showarrow": False,
        "font": {"size": 12},
    }
