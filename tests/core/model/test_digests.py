"""Digests of layers: equal where the layer, and all below it, gives the same."""

import numpy as np
import pytest

from core.model.architecture import VGG19_LAYERS
from core.model.digests import layer_digests
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import LEAKFREE

SMALL = LEAKFREE.with_settings({"input.size": 32})
MIDDLE = VGG19_LAYERS.index("block4_conv2")


def build(**settings):
    return build_model(SMALL.with_settings(settings), Weights("random"))


@pytest.fixture(scope="module")
def model():
    return build()


def test_a_changed_weight_shows_in_its_layer_and_in_all_above(model):
    other = build()
    kernel = other.get_layer("block4_conv2").kernel
    kernel.assign(np.asarray(kernel) * 1.01)
    ours, theirs = layer_digests(model), layer_digests(other)
    same = [ours[name] == theirs[name] for name in VGG19_LAYERS]
    assert same == [place < MIDDLE for place in range(len(VGG19_LAYERS))]


def test_the_head_has_no_say(model):
    assert layer_digests(build(seed=8)) == layer_digests(model)


def test_precision_has(model):
    half = layer_digests(build(**{"training.precision": "mixed_bfloat16"}))
    assert not set(half.values()) & set(layer_digests(model).values())


def test_layers_above_the_last_one_asked_for_are_not_looked_at(model):
    found = layer_digests(model, "block4_conv2")
    assert list(found) == list(VGG19_LAYERS[: MIDDLE + 1])
    whole = layer_digests(model)
    assert found == {name: whole[name] for name in found}
