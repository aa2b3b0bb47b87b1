"""What is kept between reruns and shared between sessions: each cache, once.

What a session found out about its own scans is in `dashboard.desk`.

What is cached is immutable or only read. Keys hold what decides the value, so that nothing
has to be cleared by hand.
"""

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pandas as pd
import streamlit as st

from core.config import Crop, Protocol
from core.data.index import Dataset
from core.data.splits import plan_pictures
from core.errors import UnreadableScan
from core.evaluation.mark import mark_of
from core.evaluation.metrics import Summary, summarise
from core.evaluation.overview import Overview, dated
from core.evaluation.overview import overview as overview_of
from core.readings.log import Answer, Contents, Log, Reading, current
from core.storage import is_file, version
from core.training.crossval import CrossValidation
from core.training.hardware import Hardware, measured_pace, pace_of
from core.training.hardware import hardware as look_at_hardware
from core.training.jobs import Job
from core.training.runs import Run
from core.training.workspace import Workspace, default_workspace
from dashboard import keras_session, thumbnails
from dashboard.tasks import Tasks

if TYPE_CHECKING:
    from core.evaluation.pooled import Pooled
    from core.evaluation.results import Comparison
    from core.examination import Stages
    from core.prediction import Predictor
    from core.reporting.card import ModelCard

T = TypeVar("T")


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
def _thumbnail(path: str, sha256: str, crop: Crop | None, side: int) -> bytes:  # noqa: ARG001
    return thumbnails.draw(Path(path), crop, side)


def thumbnail(
    root: str, file: str, sha256: str, crop: Crop | None, side: int = thumbnails.SIDE
) -> bytes:
    """A small square picture of a scan with its crop drawn in (see `dashboard.thumbnails`).

    A blank one where the scan is gone or cannot be read: not kept, for it may come back.
    """
    path = Path(root) / file
    try:
        if is_file(path):
            return _thumbnail(str(path), sha256, crop, side)
    except UnreadableScan:
        pass
    return thumbnails.blank(side)


@st.cache_data(max_entries=32, show_spinner=False)
def plan(key: str, protocol: str, _dataset: Dataset, _groups: dict[str, int]) -> pd.DataFrame:  # noqa: ARG001
    """The planned split (see `core.data.splits.plan_pictures`).

    Args:
        key: Stands for the arguments that are not hashed.
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


@st.cache_data(max_entries=600, show_spinner=False)
def _mark(path: str, split_time: int) -> str | None:  # noqa: ARG001
    return mark_of(Run(Path(path)))


def mark(run: Run) -> str | None:
    """What must be said of the results of a run whose split leaks; none for any other."""
    split = run.path / "split.csv"
    return _mark(str(run.path), split.stat().st_mtime_ns) if split.is_file() else None


@st.cache_data(max_entries=600, show_spinner=False)
def _overview(path: str, dated: tuple[tuple[str, int], ...]) -> Overview:  # noqa: ARG001
    return overview_of(Run(Path(path)))


def overview(run: Run) -> Overview:
    """A run in one line.

    Raises:
        RunError: Its configuration cannot be read.
    """
    return _overview(str(run.path), dated(run))


@st.cache_data(max_entries=32, show_spinner="Comparing the stages …")
def _comparison(path: str, fingerprint: tuple[str, ...]) -> "Comparison":  # noqa: ARG001
    from core.evaluation.comparison import compare  # slow to load, and the first page does without

    return compare(Run(Path(path)))


def comparison(run: Run) -> "Comparison":
    """The finished stages of a run side by side.

    Raises:
        RunError: No stage is finished.
    """
    return _comparison(str(run.path), models(run))


@st.cache_data(max_entries=32, show_spinner="Pooling the folds …")
def _pooled(path: str, record: tuple[Hashable, ...]) -> "Pooled":  # noqa: ARG001
    from core.evaluation.pooled import pool

    return pool(CrossValidation(Path(path)))


def pooled(crossval: CrossValidation) -> "Pooled":
    """The stages of a cross-validation that are finished in every fold; none is ever repeated.

    Raises:
        RunError: No stage is.
    """
    return _pooled(str(crossval.path), _record(crossval))


@st.cache_data(max_entries=8, show_spinner="Filling in the card …")
def _card(path: str, fingerprint: tuple[str, ...], split_time: int) -> "ModelCard":  # noqa: ARG001
    from core.reporting.card import card_of

    return card_of(Run(Path(path)))


def card(run: Run) -> "ModelCard":
    """The model card of a run.

    Raises:
        RunError: No stage is finished.
    """
    return _card(str(run.path), models(run), (run.path / "split.csv").stat().st_mtime_ns)


def log() -> Log:
    """What people said of the answers in this workspace. Not cached: it is a path."""
    return Log(workspace().readings)


LogStates = tuple[tuple[int, ...] | None, ...]


@st.cache_resource(max_entries=2, show_spinner=False)
def _readings(path: str, states: LogStates) -> Contents:  # noqa: ARG001
    return Log(Path(path)).contents()


@st.cache_resource(max_entries=2, show_spinner=False)
def _calls(path: str, states: LogStates) -> dict[Hashable, Reading]:
    return {reading.subject: reading for reading in current(_readings(path, states).readings)}


def _log_states() -> tuple[str, LogStates]:
    found = log()
    files = (found.path, found.seal, found.torn)
    return str(found.path.parent), tuple(map(version, files))


def readings() -> Contents:
    """The log of readings, read and checked again whenever one of its files has changed.

    Raises:
        RunError: Another program holds it.
    """
    return _readings(*_log_states())


def readings_as(kind: str, write: Callable[[Sequence[Reading]], str]) -> str:
    """All readings as a document of this kind, written anew as `readings` is read."""
    return kept(("readings", kind, *_log_states()), lambda: write(readings().readings))


def call_on(answer: Answer) -> Reading | None:
    """The call that holds on this very answer, if there is one.

    Raises:
        RunError: Another program holds the log of readings.
    """
    return _calls(*_log_states()).get(answer.subject)


@st.cache_resource(max_entries=2, show_spinner="Loading the model …")
def _predictor(path: str, stage: str, model_sha256: str) -> "Predictor":  # noqa: ARG001
    from core.prediction import Predictor  # brings TensorFlow

    keras_session.keep()
    return Predictor(Run(Path(path)), stage)


def predictor(run: Run, stage: str) -> "Predictor":
    """A finished stage, loaded and ready to answer.

    Raises:
        RunError: The stage is not finished, or its model cannot be loaded.
    """
    return _predictor(str(run.path), stage, run.metrics(stage)["model_sha256"])


def models(run: Run) -> tuple[str, ...]:
    """Fingerprints of the models of all finished stages."""
    return tuple(run.metrics(stage)["model_sha256"] for stage in run.finished_stages())


@st.cache_resource(max_entries=128, show_spinner=False)
def _kept(key: tuple[Hashable, ...], _make: Callable[[], T]) -> T:  # noqa: ARG001
    return _make()


def kept(key: tuple[Hashable, ...], make: Callable[[], T]) -> T:
    """What is made once; not to be changed.

    Args:
        key: What it is, and all that decides it.
        make: Makes it.
    """
    return _kept(key, make)


def derived(job: Job, what: tuple[Hashable, ...], make: Callable[[], T]) -> T:
    """What follows from a job's record, made once; not to be changed.

    Args:
        job: Whose record.
        what: All that decides it beside the record: what it is, and of what.
        make: Makes it.
    """
    return kept((str(job.path), _record(job), what), make)


def _record(job: Job) -> tuple[Hashable, ...]:
    """Another one when there is something else on record."""
    if isinstance(job, CrossValidation):  # whose stages are never repeated
        return job.config.created, *job.finished_stages()
    files = (job.path / name for name in ("history.csv", "split.csv"))
    return *models(job), *map(version, files)


def predictions(run: Run) -> "dict[str, pd.DataFrame]":
    """Predictions of all finished stages; not to be changed."""
    return derived(
        run,
        ("predictions",),
        lambda: {stage: run.predictions(stage) for stage in run.finished_stages()},
    )


def digests(run: Run) -> "pd.Series[str]":
    """SHA-256 of the scans of a run, by file."""

    def make() -> "pd.Series[str]":
        return run.split().drop_duplicates("file").set_index("file")["sha256"]

    return derived(run, ("digests",), make)


@st.cache_resource(max_entries=1, show_spinner=False)
def _stages(path: str, fingerprint: tuple[str, ...]) -> "Stages":  # noqa: ARG001
    from core.examination import Stages

    keras_session.keep()
    return Stages(Run(Path(path)))


def stages(run: Run) -> "Stages":
    """All finished stages of a run, loaded together; those of one run are kept.

    Raises:
        RunError: No stage is finished, or a model cannot be loaded.
    """
    return _stages(str(run.path), models(run))
