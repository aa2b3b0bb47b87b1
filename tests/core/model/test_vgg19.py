"""The network, its weights and its cuts, on the real VGG19 at small sizes."""

import keras
import numpy as np
import pytest

from core.config import Head, Training
from core.errors import WeightsError
from core.model.stages import apply_stage, cuts_of, prefix_model, tail_model
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import REPORT

SMALL = REPORT.model_copy(
    update={
        "input": REPORT.input.model_copy(update={"size": 48}),
        "head": Head(units=(16, 8)),
    }
)


@pytest.fixture(scope="module")
def model():
    return build_model(SMALL, Weights("random"))


@pytest.fixture(scope="module")
def batch():
    return np.random.default_rng(0).random((4, 48, 48, 3), np.float32)


def test_graph_is_flat_and_layers_keep_their_names(model):
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    names = [layer.name for layer in model.layers]
    assert names[1:3] == ["block1_conv1", "block1_conv2"]
    assert names[-5:] == [
        "flatten_block5_pool",
        "head_dense1",
        "head_dropout",
        "head_dense2",
        "prediction",
    ]


def test_random_start_keeps_its_signal_through_sixteen_layers(model, batch):
    """With Glorot's values the last convolution would be thousands of times fainter."""
    found = prefix_model(model, ["block1_conv1", "block5_conv4"]).predict_on_batch(batch)
    ratio = float(found["block5_conv4"].std() / found["block1_conv1"].std())
    assert 0.1 < ratio < 10


def test_same_seed_same_network(model):
    again = build_model(SMALL, Weights("random"))
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_imagenet_weights_are_those_keras_loads(imagenet_weights):
    built = build_model(SMALL, Weights("file", imagenet_weights))
    theirs = keras.applications.VGG19(
        weights=str(imagenet_weights), include_top=False, input_shape=(48, 48, 3)
    )
    for layer in theirs.layers[1:]:
        for a, b in zip(
            layer.get_weights(), built.get_layer(layer.name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(a, b)


def test_a_file_that_is_not_vgg19_is_refused_in_words(tmp_path):
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save_weights(
        tmp_path / "other.weights.h5"
    )
    (tmp_path / "noise.h5").write_bytes(b"not a weights file")
    for name in ("other.weights.h5", "noise.h5"):
        with pytest.raises(WeightsError, match="holds something else"):
            build_model(SMALL, Weights("file", tmp_path / name))


@pytest.mark.parametrize(
    ("stage", "cut", "unfrozen"),
    [
        ("baseline", "block5_pool", []),
        ("stage1", "block5_conv2", ["block5_conv3", "block5_conv4"]),
        ("stage2", "block4_pool", [f"block5_conv{i}" for i in range(1, 5)]),
        ("stage3", "block3_pool", [f"block{b}_conv{i}" for b in (4, 5) for i in range(1, 5)]),
    ],
)
def test_each_stage_trains_what_the_report_says(model, stage, cut, unfrozen):
    apply_stage(model, SMALL.stage(stage))
    trains = {v.path.split("/")[0] for v in model.trainable_variables}
    assert trains == {*unfrozen, "head_dense1", "head_dense2", "prediction"}
    assert cuts_of(SMALL.stage(stage), SMALL.head) == (cut,)


def test_the_final_stage_trains_everything(model):
    apply_stage(model, SMALL.stage("final"))
    assert len(model.trainable_variables) == 2 * (16 + 3)
    assert cuts_of(SMALL.stage("final"), SMALL.head) == ()


@pytest.mark.parametrize("cut", ["block3_pool", "block4_pool", "block5_conv2", "block5_pool"])
def test_prefix_then_tail_is_the_whole(model, batch, cut):
    whole = model.predict_on_batch(batch)
    activations = prefix_model(model, [cut]).predict_on_batch(batch)[cut]
    parts = tail_model(model, [cut]).predict_on_batch(activations)
    np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-6)


def test_a_model_saved_beside_its_tail_loads_as_one_flat_graph(model, batch, tmp_path):
    tail_model(model, ["block4_pool"])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    np.testing.assert_allclose(
        loaded.predict_on_batch(batch), model.predict_on_batch(batch), rtol=1e-5
    )


def test_half_precision_computes_low_and_answers_high(batch):
    protocol = SMALL.model_copy(update={"training": Training(precision="mixed_bfloat16")})
    model = build_model(protocol, Weights("random"))
    assert model.get_layer("block1_conv1").compute_dtype == "bfloat16"
    assert model.get_layer("block1_conv1").kernel.dtype == "float32"
    assert model.predict_on_batch(batch).dtype == np.float32
    assert keras.config.dtype_policy().name == "float32"
