"""What a map is worth, below the verdict: measured at once, and fully on request."""

import base64
import html

import streamlit as st

from core.explanation.evidence import Curves, Evidence
from core.prediction import Prediction
from core.training.runs import Run
from dashboard import examinations
from dashboard.components import reading
from dashboard.tray import Item

WIDTH, HEIGHT = 240, 56


def show(run: Run, item: Item, prediction: Prediction, method: str) -> None:
    """The panel, for an answer with a map."""
    if prediction.map is None:
        return
    full = examinations.is_fully_examined(item, prediction, method)
    with st.container(key="evidence", gap="xsmall"):
        task = examinations.evidence(run, item, prediction, method, full=full)
        found = reading.result_or_progress(task, on_demand=full)
        if found is None:
            return
        st.html(panel(found))
        # No callback: the session would keep its arguments, and with them the scan, for good.
        if (
            found.checked == "cheap"
            and found.verdict != "empty"
            and st.button(
                "Check this map fully",
                help="Takes away what is hot, and what is not, and asks the network again; then "
                "lets the network forget what it has learned. Some 120 passes.",
                icon=":material/fact_check:",
                type="tertiary",
            )
        ):
            examinations.evidence(run, item, prediction, method, full=True)
            st.rerun()


def panel(found: Evidence) -> str:
    """The evidence as HTML."""
    if found.verdict == "empty":
        return '<div class="evidence"><p>There is no heat to examine.</p></div>'
    unreliable = found.verdict == "unreliable"
    said = "".join(f"<p>{html.escape(text)}</p>" for text in (*found.reasons, *found.notes))
    rows = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>"
        for name, value in _figures(found).items()
    )
    chart = _chart(found.curves) if found.curves else ""
    return (
        f'<div class="evidence{" unreliable" if unreliable else ""}">'
        f"<strong>{found.headline}</strong>{said}{chart}<dl>{rows}</dl></div>"
    )


def _figures(found: Evidence) -> dict[str, str]:
    figures = {}
    if found.outside is not None:
        figures["Heat outside the head"] = (
            f"{found.outside:.0%} (evenly {found.outside_evenly:.0%})"
        )
    agreement = found.mean_agreement
    figures["Agreement with other methods"] = "–" if agreement is None else f"{agreement:.2f}"
    if curves := found.curves:
        deletion, insertion = curves.random_deletion_areas, curves.random_insertion_areas
        figures["Deletion area"] = f"{curves.deletion_area:.2f} (random {_span(deletion)})"
        figures["Insertion area"] = f"{curves.insertion_area:.2f} (random {_span(insertion)})"
    for layers, value in (found.similarity or {}).items():
        name = f"Likeness with random weights in {layers}"
        figures[name] = "–" if value is None else f"{value:.2f}"
    return figures


def _span(values: tuple[float, ...]) -> str:
    return f"{min(values):.2f}–{max(values):.2f}"


def _chart(curves: Curves) -> str:
    """Both curves: probability against the share of the picture, hottest first."""
    said = (
        "Probability as the hottest parts are taken away, with an area of "
        f"{curves.deletion_area:.2f} below it, and as they are put in, with one of "
        f"{curves.insertion_area:.2f}"
    )
    lines = (
        f'<i class="{name}" style="mask-image: url({_line(curves.share, values, dashes)})"></i>'
        for name, values, dashes in (
            ("deletion", curves.deletion, "none"),
            ("insertion", curves.insertion, "5 3"),
        )
    )
    return (
        f'<div class="curves" role="img" aria-label="{said}">{"".join(lines)}</div>'
        '<small><i class="deletion"></i>hottest taken away first '
        '<i class="insertion"></i>hottest put in first</small>'
    )


def _line(share: tuple[float, ...], values: tuple[float, ...], dashes: str) -> str:
    """One curve as an address that holds its drawing, for Streamlit takes an SVG out of HTML.

    It is a mask: the styles of the page show through it, in the colours of either theme.
    """
    points = " ".join(
        f"{x * WIDTH:.1f},{(1 - y) * HEIGHT:.1f}" for x, y in zip(share, values, strict=True)
    )
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {WIDTH + 4} {HEIGHT + 4}" '
        f'preserveAspectRatio="none"><polyline points="{points}" fill="none" stroke="black" '
        f'stroke-width="1.5" stroke-dasharray="{dashes}" vector-effect="non-scaling-stroke"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode()
