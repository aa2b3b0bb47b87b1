"""One stage, trained in this process."""

import zipfile

import h5py
import keras
import pandas as pd
import pytest

from core.config import Training
from core.data.index import index_folder
from core.model.prefix import PrefixCache
from core.protocols import REPORT
from core.training.callbacks import Callback
from core.training.experiment import Experiment
from core.training.jobs import create_run
from core.training.workspace import Workspace
from tests.core.training.conftest import TINY


@pytest.fixture
def make(scans, tmp_path):
    """`make(protocol)` makes a run of it."""
    dataset = index_folder(scans)
    groups = {entry.file: number for number, entry in enumerate(dataset.entries)}
    return lambda protocol: create_run(Workspace(tmp_path), dataset, protocol, groups)


def train(run, stage):
    cache = PrefixCache(run.path.parents[1] / "cache")
    Experiment(run, cache, lambda *_: None, Callback()).train(run.protocol.stage(stage))


def test_a_model_is_saved_without_what_its_optimiser_knew(make):
    """Where all of the network trains, Adam's moments would make the file three times as large."""
    everything = REPORT.stage("final").model_copy(update={"epochs": 1, "steps_per_epoch": 1})
    run = make(TINY.model_copy(update={"stages": (everything,)}))
    train(run, "final")

    path = run.model_path("final")
    model = keras.models.load_model(path)
    assert not model.compiled
    with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as file:
        assert "optimizer" not in h5py.File(file)
    assert path.stat().st_size < 1.05 * 4 * model.count_params()


def test_a_stage_that_had_stopped_early_is_only_evaluated_after_a_resume(make, monkeypatch):
    """Its process was killed after the last epoch: it must not train on."""
    protocol = TINY.with_stage("baseline", epochs=30, learning_rate=0.1)
    run = make(protocol.model_copy(update={"training": Training(batch_size=8, patience=1)}))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(Experiment, "_evaluate", killed)
        with pytest.raises(KeyboardInterrupt):
            train(run, "baseline")
    history, model = run.history(), run.model_path("baseline").read_bytes()
    assert 2 <= len(history) < 30
    assert run.finished_stages() == []
    train(run, "baseline")
    pd.testing.assert_frame_equal(run.history(), history)
    assert run.model_path("baseline").read_bytes() == model
    assert run.metrics("baseline")["epochs"] == len(history)
    assert run.metrics("baseline")["best_epoch"] == history["best"].argmax() + 1
