"""One scan, large, with the map over it, and beside it what the network says."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.explanation.geometry import overlay
from core.prediction import Prediction
from core.training.runs import Run
from dashboard import resources, state
from dashboard.components import answer, override, pictures, shell, slicing
from dashboard.tray import Item

FRAME = (98, 176, 198)
METHODS = {"grad-cam": "Grad-CAM", "grad-cam++": "Grad-CAM++", "layer-cam": "Layer-CAM"}
PREDICTED = "as called"


@dataclass(frozen=True)
class Settings:
    """What the reader has chosen. Only the first two concern the network."""

    target: int | None
    method: str
    opacity: float
    outline: bool


@st.fragment
def show(run: Run, stage: str, item: Item) -> None:
    """The desk. A control reruns the desk alone, and asks the network only if it must."""
    with shell.problems():
        centre, beside = st.columns([2, 1.1], gap="medium")
        with beside, st.container(gap="xsmall"):
            verdict = st.container(key="verdict")
            glance = resources.glance(run, stage, item)
            answered = glance.probability is not None or override.asked(item)
            settings = _controls(run, disabled=not answered)
        prediction = resources.prediction(
            run,
            stage,
            item,
            slicing.selection(item),
            settings.target,
            settings.method,
            override=override.asked(item),
        )
        picture = _picture(prediction, settings)
        with verdict:
            answer.show(run, prediction)
            override.offer(item, prediction)
        with centre:
            _light_box(item, prediction, picture)
        with beside:
            answer.downloads(run, prediction, settings.method, picture)


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
    method = st.segmented_control(
        "Method",
        list(METHODS),
        default=next(iter(METHODS)),
        required=True,
        format_func=METHODS.__getitem__,
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


def _flip() -> None:
    st.session_state[state.HIDDEN] = not st.session_state.get(state.HIDDEN, False)


def _picture(prediction: Prediction, settings: Settings) -> np.ndarray | None:
    if prediction.scan is None:
        return None
    pixels = prediction.scan.pixels
    if prediction.map is not None:
        pixels = overlay(pixels, prediction.map, settings.opacity)
    if prediction.prepared is not None and settings.outline:
        pixels = pictures.outlined(pixels, prediction.prepared.box, FRAME)
    return pixels


def _light_box(item: Item, prediction: Prediction, picture: np.ndarray | None) -> None:
    with st.container(key="light-box"):
        if picture is None:
            st.caption("There is no picture to show.")
        else:
            st.image(picture, output_format="PNG", width="stretch", alt=f"Scan {item.name}")
    if prediction.scan is not None:
        slicing.controls(item, prediction.scan)
