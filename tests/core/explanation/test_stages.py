"""Several stages together give what each gives alone, and run what they share once."""

import keras
import numpy as np
import pytest

from core.config import Head, Input
from core.explanation.maps import Explainer
from core.explanation.methods import COARSE
from core.explanation.stages import StageNetworks
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import LEAKFREE

SIZE = 48
PROTOCOL = LEAKFREE.model_copy(
    update={
        "input": Input(size=SIZE, scaling="unit"),
        "head": Head(pooling="symmetry", layers=("block4_pool", "block5_pool"), units=(8, 4)),
    }
)


def trained(model: keras.Model, *beginnings: str) -> keras.Model:
    """A copy in which the head and some layers have moved, as training would move them."""
    copy = build_model(PROTOCOL, Weights("random"))
    copy.set_weights(model.get_weights())
    rng = np.random.default_rng(len(beginnings))
    for layer in copy.layers:
        if layer.weights and layer.name.startswith(("head", "prediction", *beginnings)):
            layer.set_weights(
                [w + 0.02 * rng.standard_normal(w.shape) for w in layer.get_weights()]
            )
    return copy


@pytest.fixture(scope="module")
def models():
    baseline = build_model(PROTOCOL, Weights("random"))
    stage1 = trained(baseline, "block5_conv3", "block5_conv4")
    final = trained(stage1, "block1", "block5")
    return {"baseline": baseline, "stage1": stage1, "final": final}


@pytest.fixture(scope="module")
def networks(models):
    return StageNetworks(models)


def test_layers_below_the_first_that_was_trained_run_once(networks):
    steps = [step.layer.name for step in networks.plan(COARSE)]
    # Baseline: 16 convolutions and 4 poolings. Stage 1: two more. Final: all of them anew.
    assert len(steps) == 20 + 2 + 20
    assert steps.count("block5_conv2") == 2
    assert steps.count("block5_conv3") == 3


@pytest.mark.parametrize("method", ["grad-cam", "layer-cam-fine", "fusion"])
@pytest.mark.parametrize("target", [1, None])
def test_every_stage_says_what_it_says_alone(models, networks, method, target):
    batch = np.random.default_rng(0).random((2, SIZE, SIZE, 3), np.float32)
    together = networks.explain(batch, target, method)
    assert list(together) == list(models)
    for stage, model in models.items():
        alone = Explainer(model).explain(batch, target, method)
        found = together[stage]
        np.testing.assert_allclose(found.probabilities, alone.probabilities, atol=1e-5)
        assert found.target.tolist() == alone.target.tolist()
        np.testing.assert_allclose(
            found.maps, alone.maps, rtol=1e-3, atol=1e-4 * max(alone.maximum.max(), 1e-6)
        )
    assert (together["baseline"].probabilities != together["stage1"].probabilities).any()


def test_equal_names_with_other_weights_are_not_shared(models):
    other = trained(models["baseline"], "block1_conv1")
    plan = StageNetworks({"one": models["baseline"], "other": other}).plan(COARSE)
    assert len(plan) == 2 * 20
