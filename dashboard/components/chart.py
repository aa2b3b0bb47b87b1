"""A figure on a page, in the look of the page."""

from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from core.reporting import figures


def look() -> figures.Look:
    """Dark or light, as the page is."""
    return "light" if st.context.theme.type == "light" else "dark"


def show(
    figure: go.Figure,
    name: str,
    alt: str,
    on_select: Any = "ignore",
    selection_mode: Literal["points"] = "points",
) -> Any:
    """Draw a figure.

    Args:
        figure: Of `core.reporting.figures`.
        name: Of the element, and of the file when the figure is saved.
        alt: What it shows, for somebody who cannot see it.
        on_select: Called when a point of the figure is chosen.
        selection_mode: How points are chosen.
    """
    image = figures.CONFIG["toImageButtonOptions"] | {"filename": name}
    return st.plotly_chart(
        figure,
        key=name,
        theme=None,
        config=figures.CONFIG | {"toImageButtonOptions": image},
        alt=alt,
        on_select=on_select,
        selection_mode=selection_mode,
    )
