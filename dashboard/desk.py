"""What one session found out about the scans on its desk: kept with it, and gone with it.

What follows from records alone is in `dashboard.resources`. As there, what is kept is immutable
or only read, and keys hold what decides the value.
"""

import hashlib
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import UnreadableScan
from core.explanation.methods import DEFAULT
from core.intake import Objection
from core.training.runs import Run
from dashboard import resources
from dashboard.components import pictures
from dashboard.tasks import Tasks
from dashboard.tray import Glance, Item, Question, Tray

if TYPE_CHECKING:
    import numpy as np
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from core.prediction import Prediction


@st.cache_resource(show_spinner=False, scope="session", on_release=Tasks.end)
def examinations() -> Tasks:
    """What this session has asked about its scans (see `dashboard.examinations`)."""
    return Tasks()


@st.cache_resource(show_spinner=False, scope="session", on_release=Tasks.end)
def reports() -> Tasks:
    """What this session has had written down (see `dashboard.reports`)."""
    return Tasks()


@st.cache_resource(show_spinner=False, scope="session")
def tray() -> Tray:
    """The scans on this session's desk."""
    return Tray()


@st.cache_data(max_entries=2000, show_spinner=False, scope="session")
def _digest(key: str, _item: Item) -> str:  # noqa: ARG001
    return hashlib.sha256(_item.read()).hexdigest()


def digest(item: Item) -> str:
    """SHA-256 of a scan's bytes."""
    return _digest(item.key, item)


@st.cache_resource(max_entries=24, show_spinner=False, scope="session")
def _prediction(
    model_sha256: str,  # noqa: ARG001
    key: Hashable,  # noqa: ARG001
    target: int | None,
    method: str,
    _run: Run,
    _stage: str,
    _question: Question,
) -> "Prediction":
    return resources.predictor(_run, _stage).predict(
        _question.item.read(),
        _question.item.name,
        selection=_question.selection,
        override=_question.override,
        explain=True,
        target=target,
        method=method,
    )


def prediction(
    run: Run,
    stage: str,
    question: Question,
    target: int | None = None,
    method: str = DEFAULT,
) -> "Prediction":
    """The explained answer for a scan; the last few of a session are kept with it.

    Of a scan that cannot be had, the answer that says so; it is not kept, for it may come back.

    Args:
        run: Whose network is asked.
        stage: Which one.
        question: The scan, and which picture of it.
        target: The class to explain, by its place in the softmax; none is the predicted one.
        method: A name in `core.explanation.methods.METHODS`.
    """
    model = run.metrics(stage)["model_sha256"]
    try:
        return _prediction(model, question.key, target, method, run, stage, question)
    except UnreadableScan as error:
        return _declined(run, stage, question, error)


def _declined(run: Run, stage: str, question: Question, error: UnreadableScan) -> "Prediction":
    objection = Objection(question.item.name, "unreadable", error.reason)
    return resources.predictor(run, stage).decline(objection)


@st.cache_resource(max_entries=24, show_spinner=False, scope="session")
def _picture(
    answer: tuple[Hashable, ...],  # noqa: ARG001
    opacity: float,
    outline: bool,
    _prediction: "Prediction",
) -> bytes | None:
    return pictures.shown(_prediction, opacity, outline=outline)


def picture(
    run: Run,
    stage: str,
    question: Question,
    target: int | None,
    method: str,
    opacity: float,
    *,
    outline: bool,
) -> bytes | None:
    """What the light box shows of an answer, as PNG: for the page, and for the file to keep.

    Args:
        run: As of `prediction`, like all that is not said here.
        stage: As of `prediction`.
        question: As of `prediction`.
        target: As of `prediction`.
        method: As of `prediction`.
        opacity: Of the map, 0–1.
        outline: Whether the crop is drawn in.
    """
    found = prediction(run, stage, question, target, method)
    if found.scan is None:
        return None
    answer = found.model_sha256, question.key, target, method
    return _picture(answer, opacity, outline, found)


@st.cache_resource(max_entries=24, show_spinner=False, scope="session")
def _map_file(answer: tuple[Hashable, ...], _map: "NDArray[np.float32]") -> bytes:  # noqa: ARG001
    return pictures.tiff(_map)


def map_file(
    run: Run, stage: str, question: Question, target: int | None, method: str
) -> bytes | None:
    """The map of an answer as TIFF, where there is one. As `prediction` otherwise."""
    found = prediction(run, stage, question, target, method)
    if found.map is None:
        return None
    return _map_file((found.model_sha256, question.key, target, method), found.map)


@st.cache_data(max_entries=2000, show_spinner=False, scope="session")
def _glance(
    model_sha256: str,
    key: Hashable,
    _run: Run,
    _stage: str,
    _question: Question,
) -> Glance:
    answer = _prediction(model_sha256, key, None, DEFAULT, _run, _stage, _question)
    return Glance.of(answer, _run.positive)


def glance(run: Run, stage: str, question: Question) -> Glance:
    """What a list shows of a scan; small, so that many are kept. As `prediction` otherwise."""
    model = run.metrics(stage)["model_sha256"]
    try:
        return _glance(model, question.key, run, stage, question)
    except UnreadableScan as error:
        return Glance.of(_declined(run, stage, question, error), run.positive)


@st.cache_resource(max_entries=24, show_spinner=False, scope="session")
def _drawn(what: tuple[Hashable, ...], _draw: Callable[[], "go.Figure"]) -> "go.Figure":  # noqa: ARG001
    return _draw()


def drawn(what: tuple[Hashable, ...], draw: Callable[[], "go.Figure"]) -> "go.Figure":
    """A figure of a scan on the desk, drawn once; not to be changed.

    Args:
        what: All that decides it.
        draw: Draws it.
    """
    return _drawn(what, draw)


def clear() -> None:
    """Forget the scans of this session and all that was found out about them."""
    tray().clear()
    found = (_prediction, _picture, _map_file, _glance, _digest, _drawn)
    for cache in (examinations, reports, *found):
        cache.clear()
