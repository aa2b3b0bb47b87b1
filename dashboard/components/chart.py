"""A figure on a page, in the look of the page."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from core.evaluation.results import Comparison
from core.training.jobs import Job
from core.training.runs import Run
from dashboard import resources

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.evaluation.pooled import Pooled
    from core.reporting import figures

MATRIX = 240
"""Pixels; the widest that a confusion matrix is drawn."""


def look() -> "figures.Look":
    """Dark or light, as the page is in this browser."""
    return "light" if st.context.theme.type == "light" else "dark"


def drawn(job: Job, what: tuple[Hashable, ...], draw: "Callable[..., go.Figure]") -> "go.Figure":
    """A figure that follows from a job's record, in the look of the page; not to be changed.

    Args:
        job: Whose record.
        what: All that decides the figure beside the record and the look.
        draw: Draws it in a `look`. Called when there is no such figure yet.
    """
    chosen = look()
    return resources.derived(job, (*what, chosen), partial(draw, look=chosen))


def curves(run: Run, *, stage_by_stage: bool = False) -> "go.Figure":
    """Loss and accuracy of every epoch so far (see `drawn`).

    Args:
        run: Whose epochs.
        stage_by_stage: Whether each stage has axes of its own.
    """
    from core.reporting import figures  # slow to load, and every page asks for the look

    titles = {stage.name: stage.title for stage in run.protocol.stages}
    draw = figures.stage_curves if stage_by_stage else figures.all_stages_curves
    return drawn(
        run,
        ("curves", stage_by_stage),
        lambda look: draw(run.history(), titles, mark=resources.mark(run), look=look),
    )


def matrices_width(comparison: "Comparison | Pooled") -> int | Literal["stretch"]:
    """Room for the confusion matrices of some stages; five of them fill the page."""
    stages = len(comparison.stages)
    return MATRIX * stages + 110 if stages < 5 else "stretch"


def show(
    figure: "go.Figure",
    name: str,
    alt: str,
    width: int | Literal["stretch"] = "stretch",
    on_select: Any = "ignore",
) -> Any:
    """Draw a figure.

    Args:
        figure: Of `core.reporting.figures`.
        name: Of the element, and of the file when the figure is saved.
        alt: What it shows, for somebody who cannot see it.
        width: Pixels, at most what there is room for.
        on_select: Called when a point of the figure is chosen.
    """
    from core.reporting import figures  # slow to load, and every page asks for the look

    image = figures.CONFIG["toImageButtonOptions"] | {"filename": name}
    return st.plotly_chart(
        figure,
        key=name,
        theme=None,
        config=figures.CONFIG | {"toImageButtonOptions": image},
        alt=alt,
        width=width,
        on_select=on_select,
        selection_mode="points",
    )
