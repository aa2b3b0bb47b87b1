"""Networks that have forgotten, and what their maps have in common with a map."""

import numpy as np
import pytest

from core.config import Head, Input
from core.explanation import randomisation
from core.explanation.maps import Explainer
from core.explanation.randomisation import CASCADE, forgetful, similarity
from core.model.architecture import VGG19_LAYERS
from core.model.symmetry import Standardisation
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import LEAKFREE

SIZE = 64
PROTOCOL = LEAKFREE.model_copy(
    update={"input": Input(size=SIZE, scaling="unit"), "head": Head(units=(16, 8))}
)
HEADS = {
    "one layer": PROTOCOL.head,
    "several layers": Head(pooling="symmetry", layers=("block4_pool", "block5_pool"), units=(16,)),
}


@pytest.fixture(scope="module", params=HEADS.values(), ids=list(HEADS))
def model(request):
    model = build_model(PROTOCOL.model_copy(update={"head": request.param}), Weights("random"))
    for layer in model.layers:
        if isinstance(layer, Standardisation):
            layer.learn(np.random.default_rng(1).random((9, layer.mean.shape[0]), np.float32))
    return model


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(0).random((1, SIZE, SIZE, 3), np.float32)


@pytest.mark.parametrize("layers", CASCADE.values())
def test_only_the_layers_named_forget(model, layers):
    before = model.get_weights()
    other = forgetful(model, layers, seed=0)
    for layer in model.layers:
        twin = other.get_layer(layer.name)
        if not layer.weights:
            continue
        forgot = layer.name.startswith(("head", "prediction", *layers))
        kernel, kept = layer.get_weights()[0], twin.get_weights()[0]
        assert np.array_equal(kernel, kept) != forgot, layer.name
        if forgot:
            fan_in = np.prod(kernel.shape[:-1])
            assert kept.std() == pytest.approx(np.sqrt(2 / fan_in), rel=0.3)
        elif layer.name in VGG19_LAYERS:
            assert twin is layer
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_seed_decides_the_weights(model):
    one, same, other = (forgetful(model, (), seed) for seed in (1, 1, 2))
    name = "head_dense1"
    kernels = [m.get_layer(name).get_weights()[0] for m in (one, same, other)]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert (kernels[0] != kernels[2]).any()


def test_network_that_knows_nothing_resembles_itself(model, picture, monkeypatch):
    """The check compares with the network of seed 0: here that is the network itself."""
    monkeypatch.setattr(randomisation, "SEEDS", 1)
    ignorant = forgetful(model, (), seed=0)
    told = []
    look = Explainer(ignorant).look(picture, 1)
    if not look.maps("layer-cam").maximum[0]:
        look = Explainer(ignorant).look(picture, 0)
    found = similarity(look, "layer-cam", lambda *args: told.append(args))
    assert list(found) == list(CASCADE)
    assert found["the head"] == pytest.approx(1)
    assert found["the head and block 5"] is None or found["the head and block 5"] < 0.95
    assert told == [(1, 2), (2, 2)]
