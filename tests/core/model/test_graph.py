"""The network as a graph."""

import numpy as np
import pytest

from core.config import Head
from core.model.graph import run_to, seen_by_head, sources
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import REPORT

LAYERS = ("block3_pool", "block4_conv2", "block5_pool")
SMALL = REPORT.model_copy(
    update={
        "input": REPORT.input.model_copy(update={"size": 32}),
        "head": Head(pooling="average", layers=LAYERS, units=(8,)),
    }
)


@pytest.fixture(scope="module")
def model():
    return build_model(SMALL, Weights("random"))


def test_each_layer_is_told_what_it_takes_from(model):
    found = sources(model)
    assert found[model.layers[0].name] == ()
    assert found["block4_conv3"] == ("block4_conv2",)
    assert found["average_block4_conv2"] == ("block4_conv2",)
    assert found["features"] == tuple(f"average_{name}" for name in LAYERS)


def test_the_head_sees_what_it_was_built_on(model):
    assert seen_by_head(model) == LAYERS


def test_the_rest_is_run_from_what_is_known(model):
    batch = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    end = model.layers[-1].name
    known = {model.layers[0].name: batch}
    whole = np.asarray(run_to(model, end, known))
    np.testing.assert_allclose(whole, model.predict_on_batch(batch), rtol=1e-5)
    # All that was run on the way is known now; what the head sees is enough to go on from.
    part = {name: known[name] for name in LAYERS}
    np.testing.assert_allclose(run_to(model, end, part), whole, rtol=1e-6)


def test_what_cannot_be_told_is_an_error(model):
    with pytest.raises(KeyError, match="not known"):
        run_to(model, model.layers[-1].name, {"block5_pool": np.zeros((1, 1, 1, 512), np.float32)})
