"""Two by two: the axes and the cells of confusion matrices, and of what changed in one."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from core.reporting.figures.style import Palette, letters

CELLS = (("tn", "fp"), ("fn", "tp"))
"""By what a scan is and what it was called, negative first."""
PLACES = [(is_, called) for is_ in (0, 1) for called in (0, 1)]
PITCH = 2.3
"""From one matrix to the next on the horizontal axis, where a cell is 1 wide."""


def class_axes(
    figure: go.Figure, classes: Sequence[str], *, matrices: int = 1, angle: float | None = None
) -> None:
    """Name the rows by what a scan is and the columns by what it was called, in place.

    Args:
        figure: With its look.
        classes: Negative and positive.
        matrices: How many stand side by side, a `PITCH` apart. On one pair of axes they are
            drawn several times as fast as on a pair each.
        angle: Of the names of the columns, degrees.
    """
    axis: dict[str, Any] = {"showgrid": False, "fixedrange": True}
    figure.update_xaxes(
        tickvals=[PITCH * matrix + called for matrix in range(matrices) for called in (0, 1)],
        ticktext=[*classes] * matrices,
        tickangle=angle,
        range=[-0.5, PITCH * (matrices - 1) + 1.5],
        **axis,
    )
    figure.update_yaxes(
        tickvals=[0, 1], ticktext=[*classes], range=[1.5, -0.5], ticklabelstandoff=4, **axis
    )
    figure.update_layout(margin={"l": 36 + letters(classes)})


def cells(colours: Palette, *, matrices: int = 1, size: float, **texts: Any) -> go.Scatter:
    """A selectable point for each of `PLACES` of each matrix in turn, under its text.

    Args:
        colours: Of the look.
        matrices: See `class_axes`.
        size: Of what can be clicked, pixels.
        texts: Of plotly: `text`, `customdata`, `hovertext`.
    """
    ink = {"textfont": {"color": colours.on_fill}}
    # Plotly would mark what was clicked by fading the text of all others.
    point = {"marker": {"opacity": 0}, **ink}
    return go.Scatter(
        x=[PITCH * matrix + called for matrix in range(matrices) for _, called in PLACES],
        y=[is_ for is_, _ in PLACES] * matrices,
        mode="markers+text",
        marker={"symbol": "square", "size": size, "opacity": 0},
        selected=point,
        unselected=point,
        hoverinfo="text",
        showlegend=False,
        **ink,
        **texts,
    )
