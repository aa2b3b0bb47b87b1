"""Everything that is kept between reruns and shared between sessions: each cache, once.

What is cached is immutable or only read. Keys hold what decides the value, so that nothing
has to be cleared by hand.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.config import Crop, Protocol
from core.data.index import Dataset
from core.data.splits import plan_pictures
from core.evaluation.comparison import compare
from core.evaluation.metrics import Summary, summarise
from core.evaluation.results import Comparison
from core.imaging.reading import Selection
from core.imaging.scans import MIDDLE
from core.training.hardware import Hardware, measured_pace, pace_of
from core.training.hardware import hardware as look_at_hardware
from core.training.runs import Run, Workspace, default_workspace
from dashboard.tasks import Tasks
from dashboard.tray import Glance, Item, Tray

if TYPE_CHECKING:
    from core.prediction import Prediction, Predictor


def workspace() -> Workspace:
    """Where runs live. Not cached: it is a path."""
    return Workspace(default_workspace())


@st.cache_resource(show_spinner=False)
def tasks() -> Tasks:
    """The work that goes on in the background of this server."""
    return Tasks()


@st.cache_data(ttl=60, show_spinner=False)
def hardware() -> Hardware:
    """This computer."""
    return look_at_hardware(default_workspace())


@st.cache_data(ttl=60, show_spinner=False)
def pace() -> float:
    """Multiplications a second that training reaches here: as in the newest run, else a guess."""
    return pace_of(workspace().runs()) or measured_pace()


@st.cache_data(max_entries=4000, show_spinner=False)
def thumbnail(root: str, file: str, sha256: str, crop: Crop | None) -> bytes:  # noqa: ARG001
    """A small square picture of a scan with its crop drawn in (see `components.thumbnails`)."""
    from dashboard.components import thumbnails

    return thumbnails.draw(Path(root) / file, crop)


@st.cache_data(max_entries=32, show_spinner=False)
def plan(key: str, protocol: str, _dataset: Dataset, _groups: dict[str, int]) -> pd.DataFrame:  # noqa: ARG001
    """The planned split (see `core.data.splits.plan_pictures`).

    Args:
        key: Of the survey, which stands for the arguments that are not hashed.
        protocol: As JSON.
    """
    return plan_pictures(_dataset, Protocol.model_validate_json(protocol), _groups)


@st.cache_data(max_entries=600, show_spinner=False)
def _summary(path: str, stage: str, part: str, model_sha256: str) -> Summary:  # noqa: ARG001
    run = Run(Path(path))
    table = run.predictions(stage)
    return summarise(table[table["split"] == part], run.positive)


def summary(run: Run, stage: str, part: str) -> Summary:
    """Accuracy, loss and the like of a finished stage on one part, without intervals.

    Raises:
        RunError: The stage is not finished.
    """
    return _summary(str(run.path), stage, part, run.metrics(stage)["model_sha256"])


@st.cache_data(max_entries=32, show_spinner="Comparing the stages …")
def _comparison(path: str, fingerprint: tuple[str, ...]) -> Comparison:  # noqa: ARG001
    return compare(Run(Path(path)))


def comparison(run: Run) -> Comparison:
    """The finished stages of a run side by side.

    Raises:
        RunError: No stage is finished.
    """
    models = (run.metrics(stage)["model_sha256"] for stage in run.finished_stages())
    return _comparison(str(run.path), tuple(models))


@st.cache_resource(max_entries=2, show_spinner="Loading the model …")
def _predictor(path: str, stage: str, model_sha256: str) -> "Predictor":  # noqa: ARG001
    from core.prediction import Predictor  # brings TensorFlow

    return Predictor(Run(Path(path)), stage)


def predictor(run: Run, stage: str) -> "Predictor":
    """A finished stage, loaded and ready to answer.

    Raises:
        RunError: The stage is not finished, or its model cannot be loaded.
    """
    return _predictor(str(run.path), stage, run.metrics(stage)["model_sha256"])


@st.cache_resource(show_spinner=False, scope="session")
def tray() -> Tray:
    """The scans on this session's desk."""
    return Tray()


@st.cache_resource(max_entries=24, show_spinner=False, scope="session")
def _prediction(
    model_sha256: str,  # noqa: ARG001
    key: str,  # noqa: ARG001
    selection: Selection,
    target: int | None,
    method: str,
    override: bool,
    _run: Run,
    _stage: str,
    _item: Item,
) -> "Prediction":
    return predictor(_run, _stage).predict(
        _item.read(),
        _item.name,
        selection=selection,
        override=override,
        explain=True,
        target=target,
        method=method,
    )


def prediction(
    run: Run,
    stage: str,
    item: Item,
    selection: Selection = MIDDLE,
    target: int | None = None,
    method: str = "grad-cam",
    *,
    override: bool = False,
) -> "Prediction":
    """The explained answer for a scan; the last few of a session are kept with it.

    Args:
        run: Whose network is asked.
        stage: Which one.
        item: The scan.
        selection: Which picture of the file.
        target: The class to explain, by its place in the softmax; none is the predicted one.
        method: A name in `core.explanation.maps.METHODS`.
        override: Whether a refused picture is answered for all the same.
    """
    model = run.metrics(stage)["model_sha256"]
    return _prediction(model, item.key, selection, target, method, override, run, stage, item)


@st.cache_data(max_entries=2000, show_spinner=False, scope="session")
def _glance(model_sha256: str, key: str, _run: Run, _stage: str, _item: Item) -> Glance:  # noqa: ARG001
    return Glance.of(prediction(_run, _stage, _item), _run.positive)


def glance(run: Run, stage: str, item: Item) -> Glance:
    """What a list shows of a scan; small, so that many are kept."""
    return _glance(run.metrics(stage)["model_sha256"], item.key, run, stage, item)
