"""What is typical of a run's training scans: learned once, kept beside the model."""

import shutil

import keras
import numpy as np
import pytest
from pages import draw_scans

from core.config import Head, Input
from core.data.index import index_folder
from core.data.splits import load_pictures
from core.imaging.preprocessing import scale
from core.model.stages import average_of, prefix_model
from core.model.typicality import LAYER, fingerprint, pooled
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import LEAKFREE
from core.training.jobs import create_run
from core.training.known import FILE, known_scans
from core.training.workspace import Workspace

PROTOCOL = LEAKFREE.model_copy(
    update={"input": Input(size=48, scaling="imagenet"), "head": Head(units=(8, 4))}
)


@pytest.fixture(scope="module")
def model():
    return build_model(PROTOCOL, Weights("random"))


@pytest.fixture
def run(tmp_path):
    """A run on 60 scans, none like another, that has not been trained."""
    dataset = index_folder(draw_scans(tmp_path / "scans", each=30))
    groups = {entry.file: number for number, entry in enumerate(dataset.entries)}
    return create_run(Workspace(tmp_path / "workspace"), dataset, PROTOCOL, groups)


def test_it_is_learned_once_and_kept(run, model, tmp_path):
    told = []
    typical = known_scans(run, "baseline", model, lambda *counts: told.append(counts))
    split = run.split()
    scans = ((split["split"] == "train") & (split["view"] == 0)).sum()
    assert typical.scans == scans
    assert told[-1] == (scans, scans)
    kept = run.stage_path("baseline") / FILE
    shutil.rmtree(tmp_path / "scans")
    assert known_scans(run, "baseline", model).limit == typical.limit
    assert known_scans(run, "stage1", model).limit == typical.limit  # shares the layers
    assert (run.stage_path("stage1") / FILE).read_bytes() == kept.read_bytes()


def test_averages_that_are_known_already_give_the_same(run, model, tmp_path):
    split = run.split()
    pictures, _ = load_pictures(tmp_path / "scans", split, PROTOCOL, cropped_already=False)
    prefix = prefix_model(model, [average_of(LAYER)])
    averages = prefix.predict_on_batch(scale(pictures, "imagenet"))[average_of(LAYER)]
    shutil.rmtree(tmp_path / "scans")  # nothing is read
    quick = known_scans(run, "baseline", model, averages=averages)
    shutil.rmtree(run.stage_path("baseline"))
    draw_scans(tmp_path / "scans", each=30)
    slow = known_scans(run, "baseline", model)
    assert quick.limit == pytest.approx(slow.limit, rel=1e-3)
    np.testing.assert_allclose(quick.mean, slow.mean, rtol=1e-4, atol=1e-6)


def test_where_scans_are_gone_or_few_nothing_is_known(run, model, tmp_path):
    table = run.split()
    run.write_split(table.assign(group=table["group"] % 20))
    assert known_scans(run, "baseline", model) is None
    run.write_split(table)
    shutil.rmtree(tmp_path / "scans")
    assert known_scans(run, "baseline", model) is None
    assert not (run.stage_path("baseline") / FILE).exists()


def test_random_weights_accept_their_own_scans_and_refuse_noise(run, model):
    typical = known_scans(run, "baseline", model)
    eye = keras.Model(model.input, model.get_layer(LAYER).output)
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 60, (4, 48, 48, 3)).astype(np.float32)
    assert (typical.distance(pooled(eye.predict_on_batch(noise))) > 1).all()


def test_other_weights_below_the_layer_are_another_network(model):
    before = fingerprint(model)
    layer = model.get_layer("block5_conv1")
    layer.set_weights([weight + 1 for weight in layer.get_weights()])
    assert fingerprint(model) == before  # above it
    layer = model.get_layer("block1_conv1")
    kept = layer.get_weights()
    layer.set_weights([weight + 1 for weight in kept])
    assert fingerprint(model) != before
    layer.set_weights(kept)
