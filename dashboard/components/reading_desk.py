"""One scan, large, with the map over it, and beside it what the network says."""

from dataclasses import dataclass

import streamlit as st

from core.explanation.methods import DEFAULT, METHODS
from core.prediction import Prediction
from core.training.runs import Run
from dashboard import desk, state
from dashboard.components import (
    answer,
    call,
    every_slice,
    evidence,
    override,
    report,
    shell,
    similar_cases,
    slicing,
    stage_strip,
)
from dashboard.reports import Manner
from dashboard.tray import Item, Question

PREDICTED = "as called"


@dataclass(frozen=True)
class Settings:
    """What the reader has chosen. Only the first two concern the network."""

    target: int | None
    method: str
    opacity: float
    outline: bool


@st.fragment
def show(run: Run, stage: str, question: Question) -> None:
    """The desk. A control reruns the desk alone, and asks the network only if it must.

    Args:
        run: Whose network answers.
        stage: Which one.
        question: The scan that is looked at, and what the list beside the desk says of it.
    """
    item = question.item
    if slicing.question(item) != question:
        st.rerun()  # so that the list says the same
    shell.tell()
    with shell.problems():
        centre, beside = st.columns([2, 1.1], gap="medium")
        with beside, st.container(gap="xsmall"):
            verdict = st.container(key="verdict")
            answered = desk.glance(run, stage, question).probability is not None
            settings = _controls(run, disabled=not answered)
        asked = run, stage, question, settings.target, settings.method
        prediction = _predict(*asked)
        picture = desk.picture(*asked, settings.opacity, outline=settings.outline)
        with verdict:
            answer.show(run, prediction)
            override.offer(item, prediction)
            evidence.show(run, item, prediction, settings.method)
            call.show(run, item, prediction)
        with centre:
            _light_box(item, prediction, picture)
            every_slice.show(run, stage, item, prediction)
            if answered:
                _closer(run, item, prediction, settings)
            report.of_scan(run, item, prediction, Manner(settings.method, settings.target))
            # Here, for what it asks is set here: outside, it would keep the settings of before.
            report.of_desk(run, stage)
        with beside:
            answer.downloads(run, prediction, settings.method, picture, desk.map_file(*asked))


def _predict(
    run: Run, stage: str, question: Question, target: int | None, method: str
) -> Prediction:
    if not METHODS[method].slow:
        return desk.prediction(run, stage, question, target, method)
    with st.spinner(f"{METHODS[method].title} asks the network many times …"):
        return desk.prediction(run, stage, question, target, method)


def _closer(run: Run, item: Item, prediction: Prediction, settings: Settings) -> None:
    """What is computed only for those who open it."""
    stages = st.expander(
        "How the stages saw it", key=state.STRIP, on_change="rerun", icon=":material/view_week:"
    )
    if stages.open:
        with stages:
            stage_strip.show(
                run, item, prediction, settings.target, settings.method, settings.opacity
            )
    similar = st.expander(
        "Similar cases", key=state.SIMILAR, on_change="rerun", icon=":material/grid_view:"
    )
    if similar.open:
        with similar:
            similar_cases.show(run, item, prediction)


def _controls(run: Run, *, disabled: bool) -> Settings:
    hidden = st.session_state.get(state.HIDDEN, False)
    left, right = st.columns([2, 1], vertical_alignment="bottom", gap="small")
    opacity = left.slider(
        "Map opacity",
        0,
        100,
        value=60,
        format="%d %%",
        key=state.OPACITY,
        disabled=disabled or hidden,
        persist_state="session",
    )
    right.button(
        "Show" if hidden else "Hide",
        shortcut="H",
        disabled=disabled,
        on_click=_flip,
        width="stretch",
    )
    negative, positive = run.classes
    targets = [PREDICTED, positive, negative]
    if state.get(state.TARGET) not in targets:  # classes of another run
        state.put(state.TARGET, None)
    target = st.segmented_control(
        "Map of what speaks for",
        targets,
        default=PREDICTED,
        required=True,
        key=state.TARGET,
        disabled=disabled,
        persist_state="session",
    )
    method = st.selectbox(
        "Method",
        list(METHODS),
        index=list(METHODS).index(DEFAULT),
        format_func=_title,
        key=state.METHOD,
        disabled=disabled,
        persist_state="session",
    )
    outline = st.toggle("Outline what the network saw", key=state.OUTLINE, persist_state="session")
    return Settings(
        target={negative: 0, positive: 1}.get(target),
        method=method,
        opacity=0 if hidden else opacity / 100,
        outline=outline,
    )


def _title(name: str) -> str:
    method = METHODS[name]
    return method.title + (" (slow)" if method.slow else "")


def _flip() -> None:
    st.session_state[state.HIDDEN] = not st.session_state.get(state.HIDDEN, False)


def _light_box(item: Item, prediction: Prediction, picture: bytes | None) -> None:
    with st.container(key="light-box"):
        if picture is None:
            st.caption("There is no picture to show.")
        else:
            st.image(picture, width="stretch", alt=f"Scan {item.name}")
    if prediction.scan is not None:
        slicing.controls(item, prediction.scan)
