"""The operating point: a wanted sensitivity and a prevalence, and what each stage gives then."""

import html

import streamlit as st

from core.evaluation.operating import SENSITIVITY, in_words, operating_point
from core.evaluation.parts import part_views
from core.evaluation.percent import percent
from core.evaluation.results import Comparison, OperatingPoint, OperatingResult
from core.training.runs import Run
from dashboard import resources, state
from dashboard.components import words

PREVALENCE = 10.0
"""Per cent, until the user says what it is where the model is to be used."""


def choose() -> tuple[float, float]:
    """Ask for the wanted sensitivity and the prevalence; shares."""
    left, right, _ = st.columns([1, 1, 1.6], gap="medium")
    sensitivity = left.number_input(
        "Find at least (% of positives)",
        min_value=1.0,
        max_value=100.0,
        value=100 * SENSITIVITY,
        step=1.0,
        format="%.1f",
        key=state.SENSITIVITY,
        bind="query-params",
        help="The threshold that reaches this on validation is chosen; test has no say.",
    )
    prevalence = right.number_input(
        "Positive among those scanned (%)",
        min_value=0.1,
        max_value=99.9,
        value=PREVALENCE,
        step=1.0,
        format="%.1f",
        key=state.PREVALENCE,
        bind="query-params",
        help="Where the model would be used. Predictive values depend on it.",
    )
    return sensitivity / 100, prevalence / 100


def points(
    run: Run, comparison: Comparison, sensitivity: float, prevalence: float
) -> dict[str, OperatingPoint]:
    """The operating point of every stage."""
    found = {}
    for stage in comparison.stages:
        parts = part_views(run, resources.predictions(run)[stage.name])
        found[stage.name] = operating_point(
            parts["validation"], parts["test"], sensitivity, prevalence
        )
    return found


def show(comparison: Comparison, found: dict[str, OperatingPoint]) -> None:
    """The stage to keep in words, then a row a stage."""
    kept = comparison.kept.name
    head = "".join(
        f"<th>{name}</th>"
        for name in (
            "",
            "Threshold",
            "Sensitivity",
            "Specificity",
            f"Right when it says ‘{html.escape(comparison.positive)}’",
            f"Right when it says ‘{html.escape(comparison.negative)}’",
        )
    )
    body = "".join(
        _row(stage.title, found[stage.name], stage.name == kept) for stage in comparison.stages
    )
    said = in_words(found[kept], comparison.negative, comparison.positive)
    st.markdown(words.plain(f"{comparison.stage(kept).title}: " + " ".join(said)))
    if found[kept].caution:
        with st.container(key="too-small"):
            st.markdown(f":material/warning: {found[kept].caution}")
    st.html(
        f'<table class="numbers operating"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
    st.caption("Figures of the test part, with 95 % intervals.")


def _row(title: str, point: OperatingPoint, kept: bool) -> str:
    threshold = "–" if point.threshold is None else percent(point.threshold)
    values = (point.positive_predictive_value, point.negative_predictive_value)
    cells = [
        _share(point.test, "sensitivity"),
        _share(point.test, "specificity"),
        *(
            "–" if v is None else f"{percent(v.value)}<small>{_span(v.interval)}</small>"
            for v in values
        ),
    ]
    start = '<tr class="kept">' if kept else "<tr>"
    return (
        f"{start}<th>{html.escape(title)}</th>"
        f"<td>{threshold}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    )


def _share(result: OperatingResult, name: str) -> str:
    value, interval = getattr(result, name), result.intervals.get(name)
    if value is None:
        return "–"
    return percent(value) + (f"<small>{_span(interval)}</small>" if interval else "")


def _span(interval: tuple[float, float]) -> str:
    return "–".join(f"{100 * edge:.1f}" for edge in interval)
