"""How every stage saw a scan: its map, small, and its probability, side by side."""

import cv2
import numpy as np
import streamlit as st

from core.examination import StageView
from core.explanation.geometry import overlay
from core.prediction import Prediction
from core.training.runs import Run
from dashboard import examinations
from dashboard.components import reading, words
from dashboard.tray import Item

SIDE = 240


def show(
    run: Run, item: Item, prediction: Prediction, target: int | None, method: str, opacity: float
) -> None:
    """The strip, for a scan that got an answer."""
    task = examinations.stages(run, item, prediction, target, method)
    views = reading.result_or_progress(task)
    if views is None or prediction.scan is None:
        return
    pixels = prediction.scan.pixels
    with st.container(key="strip"):
        for column, view in zip(st.columns(len(views), gap="small"), views, strict=True):
            with column:
                st.image(
                    small(pixels, view, opacity),
                    width="stretch",
                    output_format="PNG",
                    alt=f"Map of {view.title}",
                )
                now = ", in use" if view.stage == prediction.stage else ""
                st.markdown(f"**{words.chance(view.probability)}**")
                st.caption(f"{view.title}{now}")
    said = f"Probability of {words.plain(run.positive)}, and what spoke for "
    called = {view.target for view in views}
    said += (
        f"{words.plain(called.pop())}."
        if len(called) == 1
        else "what each stage called: "
        + ", ".join(words.plain(view.target) for view in views)
        + "."
    )
    st.caption(f"{said} Each map has a scale of its own.")


def small(pixels: np.ndarray, view: StageView, opacity: float) -> np.ndarray:
    """A scan with a stage's map over it, uint8 RGB, at most `SIDE` pixels either way."""
    height, width = pixels.shape[:2]
    factor = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    shrunk = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA)
    return overlay(shrunk, cv2.resize(view.map, size, interpolation=cv2.INTER_AREA), opacity)
