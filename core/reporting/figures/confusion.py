"""The confusion matrices of all stages on one colour scale."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.evaluation.percent import per_cent, percent
from core.evaluation.pooled import Pooled, PooledStage
from core.evaluation.results import Comparison, Part, StageResult
from core.reporting.figures.matrix import CELLS, PITCH, PLACES, cells, class_axes
from core.reporting.figures.style import (
    PALETTES,
    Look,
    Palette,
    finished,
    stage_colour,
    styled,
)


def confusion_matrices(
    comparison: Comparison | Pooled,
    part: Part = "test",
    *,
    percent: bool = False,
    chosen: tuple[str, str] | None = None,
    selectable: bool = False,
    look: Look = "dark",
) -> go.Figure:
    """One matrix a stage: a row is what a scan is, a column what it was called.

    Args:
        comparison: The stages, of a run or pooled over folds.
        part: Of the data; what is pooled has a test part only.
        percent: Colour and read shares of each row instead of counts.
        chosen: Stage and cell that get a frame, as in `customdata`.
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
    figure = go.Figure([_fills(shown), _cells(comparison, counts, shares, percent, colours)])
    names = [comparison.negative, comparison.positive]
    slanted = len(stages) > 2 and max(map(len, names)) > 9
    styled(figure, look, height=320 if slanted else 300)
    class_axes(figure, names, matrices=len(stages), angle=-25 if slanted else 0)
    figure.update_yaxes(title_text="What it is")
    what = {"text": "What it was called", "yshift": -64 if slanted else -42}
    steps = len(colours.sequence) - 1
    figure.update_layout(
        annotations=[
            *(
                {"x": PITCH * matrix + 0.5, **_heading(stage, part, look)}
                for matrix, stage in enumerate(stages)
            ),
            {"x": 0.5, "y": 0, "xref": "paper", "yref": "paper", **what},
        ],
        shapes=_frame(stages, chosen, colours),
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
        margin={"t": 58, "b": 78 if slanted else 56, "r": 72},
        clickmode="event+select" if selectable else "none",
    )
    return finished(figure, comparison.mark, look)


def _fills(matrices: Sequence[np.ndarray]) -> go.Heatmap:
    """All matrices in one picture, with nothing between them."""
    edges = np.add.outer(PITCH * np.arange(len(matrices)) - 0.5, [0, 1, 2])
    nothing = np.full((2, 1), np.nan)
    return go.Heatmap(
        x=edges.ravel().tolist(),
        y=[-0.5, 0.5, 1.5],
        z=np.hstack([part for matrix in matrices for part in (matrix, nothing)])[:, :-1].tolist(),
        coloraxis="coloraxis",
        xgap=3,
        ygap=3,
        hoverinfo="skip",
    )


def _cells(
    comparison: Comparison | Pooled,
    counts: Sequence[np.ndarray],
    shares: Sequence[np.ndarray],
    percent: bool,
    colours: Palette,
) -> go.Scatter:
    """Text and a clickable point for each cell."""
    names = (comparison.negative, comparison.positive)
    texts, data, readings = [], [], []
    stages: Sequence[StageResult | PooledStage] = comparison.stages
    for stage, count, part in zip(stages, counts, shares, strict=True):
        for is_, called in PLACES:
            number, of_row = f"{count[is_, called]}", f"{per_cent(part[is_, called], 0)} %"
            big, small = (of_row, number) if percent else (number, of_row)
            texts.append(f"<span style='font-size:1.35em'>{big}</span><br>{small}")
            data.append([stage.name, CELLS[is_][called]])
            readings.append(
                f"<b>{stage.title}</b><br>{number} of {count[is_].sum()} {names[is_]} "
                f"called {names[called]}"
            )
    return cells(
        colours,
        matrices=len(counts),
        size=56,
        text=texts,
        customdata=data,
        hovertext=readings,
    )


def _frame(
    stages: Sequence[StageResult | PooledStage], chosen: tuple[str, str] | None, colours: Palette
) -> list[dict[str, Any]]:
    """Around the chosen cell."""
    return [
        {
            "type": "rect",
            "x0": PITCH * matrix + called - 0.49,
            "x1": PITCH * matrix + called + 0.49,
            "y0": is_ - 0.49,
            "y1": is_ + 0.49,
            "line": {"color": colours.text, "width": 2},
        }
        for matrix, stage in enumerate(stages)
        for is_, called in PLACES
        if (stage.name, CELLS[is_][called]) == chosen
    ]


def _heading(stage: StageResult | PooledStage, part: str, look: Look) -> dict[str, Any]:
    result = getattr(stage, part)
    interval = result.intervals.get("accuracy")
    between = f" ({100 * interval[0]:.0f}–{100 * interval[1]:.0f})" if interval else ""
    return {
        "text": (
            f"<b style='color:{stage_colour(stage.name, look)}'>{stage.title}</b><br>"
            f"<span style='color:{PALETTES[look].muted}'>{percent(result.accuracy)}{between}</span>"
        ),
        "y": 1,
        "yref": "y domain",
        "yanchor": "bottom",
        "yshift": 4,
        "font": {"size": 12},
    }
