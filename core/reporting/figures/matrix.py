"""Two by two: the axes and the cells of a confusion matrix, and of what changed in one."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

CELLS = (("tn", "fp"), ("fn", "tp"))
"""By what a scan is and what it was called, negative first."""
PLACES = [(is_, called) for is_ in (0, 1) for called in (0, 1)]


def class_axes(figure: go.Figure, classes: Sequence[str], *, angle: float | None = None) -> None:
    """Name the rows by what a scan is and the columns by what it was called, in place."""
    axis: dict[str, Any] = {
        "tickvals": [0, 1],
        "ticktext": list(classes),
        "showgrid": False,
        "fixedrange": True,
    }
    figure.update_xaxes(range=[-0.5, 1.5], tickangle=angle, **axis)
    figure.update_yaxes(range=[1.5, -0.5], ticklabelstandoff=4, **axis)


def cells(*, size: float, **texts: Any) -> go.Scatter:
    """A selectable point for each of `PLACES`, under its text.

    Args:
        size: Of what can be clicked, pixels.
        texts: Of plotly: `text`, `textfont`, `customdata`, `hovertext`.
    """
    return go.Scatter(
        x=[called for _, called in PLACES],
        y=[is_ for is_, _ in PLACES],
        mode="markers+text",
        marker={"symbol": "square", "size": size, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        hoverinfo="text",
        **texts,
    )
