"""One stage, trained in this process."""

import zipfile

import h5py
import keras

from core.data.index import index_folder
from core.model.prefix import PrefixCache
from core.protocols import REPORT
from core.training.callbacks import Callback
from core.training.experiment import Experiment
from core.training.jobs import create_run
from core.training.workspace import Workspace
from tests.core.training.conftest import TINY


def test_a_model_is_saved_without_what_its_optimiser_knew(scans, tmp_path):
    """Where all of the network trains, Adam's moments would make the file three times as large."""
    everything = REPORT.stage("final").model_copy(update={"epochs": 1, "steps_per_epoch": 1})
    protocol = TINY.model_copy(update={"stages": (everything,)})
    dataset = index_folder(scans)
    groups = {entry.file: number for number, entry in enumerate(dataset.entries)}
    workspace = Workspace(tmp_path)
    run = create_run(workspace, dataset, protocol, groups)
    experiment = Experiment(run, PrefixCache(workspace.cache), lambda *_: None, Callback())
    experiment.train(protocol.stage("final"))

    path = run.model_path("final")
    model = keras.models.load_model(path)
    assert not model.compiled
    with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as file:
        assert "optimizer" not in h5py.File(file)
    assert path.stat().st_size < 1.05 * 4 * model.count_params()
