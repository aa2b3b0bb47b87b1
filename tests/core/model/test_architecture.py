"""The arithmetic against Keras itself."""

import keras
import pytest

from core.config import Head
from core.model.architecture import convolutions, forward_operations, in_short, trainable_parameters
from core.model.stages import apply_stage
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import REPORT


@pytest.mark.parametrize(
    "head",
    [
        Head(units=(16, 8)),
        Head(pooling="average", units=(8,)),
        Head(units=()),
        Head(pooling="symmetry", layers=("block3_pool", "block4_conv4", "block5_pool"), units=(8,)),
        Head(pooling="flatten", layers=("block4_pool", "block5_pool"), units=(8,)),
    ],
)
def test_trainable_parameters_are_those_of_the_model(head):
    protocol = REPORT.model_copy(
        update={
            "input": REPORT.input.model_copy(update={"size": 72}),
            "head": head,
        }
    )
    model = build_model(protocol, Weights("random"))
    for stage in protocol.stages:
        apply_stage(model, stage)
        counted = sum(v.shape.num_elements() for v in model.trainable_variables)
        assert trainable_parameters(protocol, stage) == counted


@pytest.mark.parametrize(
    ("parameters", "written"),
    [(22_100_000, "22.1 M"), (860_400, "860 k"), (7_682, "7.68 k"), (514, "514")],
)
def test_numbers_of_weights_are_written_in_short(parameters, written):
    assert in_short(parameters) == written


def test_the_report_network_at_its_own_size():
    """46 M weights train in the last stage: 20,024,384 of VGG19 and the head's 25.9 M."""
    head = (7 * 7 * 512) * 1024 + 1024 + 1024 * 256 + 256 + 256 * 2 + 2
    assert trainable_parameters(REPORT, REPORT.stage("baseline")) == head
    assert trainable_parameters(REPORT, REPORT.stage("final")) == head + 20_024_384


def test_layer_table_is_that_of_keras():
    vgg19 = keras.applications.VGG19(weights=None, include_top=False, input_shape=(32, 32, 3))
    theirs = [layer for layer in vgg19.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [c.name for c in convolutions()] == [layer.name for layer in theirs]
    assert [c.parameters for c in convolutions()] == [layer.count_params() for layer in theirs]


def test_operations_at_224_pixels_are_the_published_19_6_billion():
    """19.6 billion multiply-adds, table 1 of He et al. 2016 (ResNet), fully connected included."""
    assert forward_operations(224) == pytest.approx(19.5e9, rel=0.01)
