"""Maps say what the network went by: held against networks whose reasons are known."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
from tf_keras_vis.utils.scores import CategoricalScore

from core.config import REPORT, Head, Training
from core.errors import SettingError
from core.explanation.maps import LAYER, METHODS, Explainer, enlarge
from core.model.vgg19 import build_model
from core.model.weights import Weights

SIZE = 64


def protocol(size=SIZE, precision="float32", **head):
    return REPORT.model_copy(
        update={
            "input": REPORT.input.model_copy(update={"size": size}),
            "head": Head(**({"units": (16, 8)} | head)),
            "training": Training(precision=precision),
        }
    )


@pytest.fixture(scope="module")
def model():
    return build_model(protocol(), Weights("random"))


@pytest.fixture(scope="module")
def explainer(model):
    return Explainer(model)


@pytest.fixture(scope="module")
def batch():
    return np.random.default_rng(0).random((3, SIZE, SIZE, 3), np.float32)


@pytest.fixture(scope="module")
def red_or_blue():
    """A real VGG19 set by hand: red speaks for the positive class, blue for the negative one.

    Each convolution passes red on in its channel 0 and blue in its channel 1, pixel by pixel.
    The dense layer counts them, so that what the answer depends on is known exactly.
    """
    model = build_model(protocol(units=(), pooling="average"), Weights("random"))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel = np.zeros(layer.kernel.shape, np.float32)
            red, blue = (0, 2) if layer.name == "block1_conv1" else (0, 1)
            kernel[1, 1, red, 0] = kernel[1, 1, blue, 1] = 1
            layer.set_weights([kernel, np.zeros(layer.bias.shape, np.float32)])
    weights = np.zeros((512, 2), np.float32)
    weights[0, 1] = weights[1, 0] = 5
    model.get_layer("prediction").set_weights([weights, np.zeros(2, np.float32)])
    return model


def painted(red=None, blue=None):
    """A black picture with a red and a blue patch of 16 x 16 pixels, given as cells of 16."""
    picture = np.zeros((1, SIZE, SIZE, 3), np.float32)
    for cell, channel in ((red, 0), (blue, 2)):
        if cell is not None:
            row, column = (16 * c for c in cell)
            picture[0, row : row + 16, column : column + 16, channel] = 1
    return picture


def hottest_cell(map):
    return tuple(int(c) // 16 for c in np.unravel_index(map.argmax(), map.shape))


def gradcam_by_hand(model, batch, targets):
    """Grad-CAM's formula on the whole model, by a tape of our own: raw maps (n, h, w)."""
    softmax = model.get_layer("prediction")
    inner = keras.Model(model.input, [model.get_layer(LAYER).output, softmax.input])
    with tf.GradientTape() as tape:
        activations, before = inner(batch, training=False)
        tape.watch(activations)
        # The tape must see the path from the activations, so the rest is run again from them.
        x = activations
        layers = model.layers[model.layers.index(model.get_layer(LAYER)) + 1 : -1]
        for layer in layers:
            x = layer(x, training=False)
        logits = tf.matmul(x, softmax.kernel) + softmax.bias
        chosen = tf.gather(logits, targets, axis=1, batch_dims=1)
    np.testing.assert_allclose(x, before, rtol=1e-4, atol=1e-6)
    gradients = tape.gradient(chosen, activations).numpy()
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    return np.maximum((weights * activations.numpy()).sum(axis=-1), 0)


@pytest.mark.parametrize("target", [0, 1])
def test_gradcam_is_the_published_formula(model, explainer, batch, target):
    found = explainer.explain(batch, target)
    by_hand = gradcam_by_hand(model, batch, [target] * len(batch))
    assert by_hand.max() > 0
    np.testing.assert_allclose(found.maximum, by_hand.max(axis=(1, 2)), rtol=1e-4)
    expected = np.stack([enlarge(cells, SIZE) for cells in by_hand])
    np.testing.assert_allclose(found.maps, expected, rtol=1e-4, atol=1e-4 * by_hand.max())


def test_gradcam_is_what_tf_keras_vis_makes_of_the_whole_model(model, explainer, batch):
    theirs = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)(
        CategoricalScore([1]), batch, penultimate_layer=LAYER, normalize_cam=False, expand_cam=False
    )
    expected = np.stack([enlarge(np.asarray(cells), SIZE) for cells in theirs])
    found = explainer.explain(batch, 1).maps
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * expected.max())


@pytest.mark.parametrize("method", METHODS)
def test_map_peaks_where_the_answer_comes_from(red_or_blue, method):
    picture = painted(red=(0, 2), blue=(3, 1))
    without_red = painted(blue=(3, 1))
    before, after = red_or_blue.predict_on_batch(np.concatenate([picture, without_red]))[:, 1]
    assert before > after + 0.05, "the answer is not about the red patch"
    explainer = Explainer(red_or_blue)
    red = explainer.explain(picture, 1, method)
    blue = explainer.explain(picture, 0, method)
    assert hottest_cell(red.maps[0]) == (0, 2)
    assert hottest_cell(blue.maps[0]) == (3, 1)
    assert red.maps[0, 56, 24] == 0, "the blue patch speaks for the positive class"


@pytest.mark.parametrize("method", METHODS)
def test_map_is_empty_when_nothing_speaks_for_the_class(red_or_blue, method):
    found = Explainer(red_or_blue).explain(painted(red=(1, 1)), 0, method)
    assert found.maximum[0] == 0
    assert not found.maps.any()


def test_predicted_class_is_explained_by_default(red_or_blue):
    pictures = np.concatenate([painted(red=(1, 1)), painted(blue=(2, 2))])
    found = Explainer(red_or_blue).explain(pictures)
    assert found.target.tolist() == [1, 0]
    assert [hottest_cell(map) for map in found.maps] == [(1, 1), (2, 2)]


def test_probabilities_are_those_of_the_model(model, explainer, batch):
    found = explainer.explain(batch).probabilities
    np.testing.assert_allclose(found, model.predict_on_batch(batch), atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_gives_what_its_pictures_give_alone(explainer, batch, method):
    together = explainer.explain(batch, 1, method)
    assert together.maps.shape == batch.shape[:3]
    assert together.maps.dtype == np.float32
    for i in range(len(batch)):
        alone = explainer.explain(batch[i : i + 1], 1, method)
        np.testing.assert_allclose(
            together.maps[i], alone.maps[0], rtol=1e-3, atol=1e-4 * together.maximum[i]
        )


def test_gradcam_plus_plus_stands_a_very_confident_network(model, batch):
    """Its exponential of the score overflows float32 beyond 88."""
    confident = build_model(protocol(), Weights("random"))
    confident.set_weights(model.get_weights())
    kernel, bias = confident.get_layer("prediction").get_weights()
    confident.get_layer("prediction").set_weights([kernel, bias + np.float32([0, 1000])])
    found = Explainer(confident).explain(batch, 1, "grad-cam++").maps
    usual = Explainer(model).explain(batch, 1, "grad-cam++").maps
    np.testing.assert_allclose(found, usual, rtol=1e-4, atol=1e-4 * usual.max())


def test_mixed_precision_gives_nearly_the_same_maps(model, explainer, batch):
    mixed = build_model(protocol(precision="mixed_bfloat16"), Weights("random"))
    mixed.set_weights(model.get_weights())
    assert mixed.get_layer(LAYER).compute_dtype == "bfloat16"
    found = Explainer(mixed).explain(batch, 1)
    usual = explainer.explain(batch, 1)
    assert found.maps.dtype == np.float32
    for ours, exact in zip(found.maps, usual.maps, strict=True):
        assert np.corrcoef(ours.ravel(), exact.ravel())[0, 1] > 0.98
    np.testing.assert_allclose(found.probabilities, usual.probabilities, atol=0.02)


def test_an_earlier_layer_gives_finer_maps(red_or_blue):
    picture = painted(red=(1, 2))
    inside = {}
    for layer in ("block5_conv4", "block3_conv4"):
        map = Explainer(red_or_blue, layer).explain(picture, 1, "layer-cam").maps[0]
        inside[layer] = map[16:32, 32:48].sum() / map.sum()
    assert inside["block3_conv4"] > inside["block5_conv4"] + 0.1


def test_the_model_is_left_as_it_is_and_not_copied(model, batch):
    before = model.predict_on_batch(batch)
    trainable = model.count_params()
    explainer = Explainer(model)
    explainer.explain(batch)
    np.testing.assert_array_equal(model.predict_on_batch(batch), before)
    assert model.count_params() == trainable
    shared = {id(weight) for weight in model.weights}
    own = [w for w in explainer._above.weights if id(w) not in shared]
    assert sum(int(np.prod(w.shape)) for w in own) == 8 * 2 + 2, "more than the last layer is new"


def test_a_layer_that_is_none_is_refused(model):
    with pytest.raises(SettingError, match="block9_conv1"):
        Explainer(model, "block9_conv1")


@pytest.mark.parametrize("wrong", [{"method": "guess"}, {"target": 2}])
def test_wrong_questions_are_refused(explainer, batch, wrong):
    with pytest.raises(SettingError):
        explainer.explain(batch, **wrong)


@pytest.mark.parametrize("size", [64, 100, 47, 33])
def test_cells_are_enlarged_over_the_pixels_they_cover(size):
    cells = np.zeros((size // 16, size // 16), np.float32)
    cells[-1, 0] = 1
    found = enlarge(cells, size)
    assert found.shape == (size, size)
    centre = 16 * (size // 16) - 8
    assert found[centre, 7] == pytest.approx(found.max(), rel=0.1)
    assert found.max() <= 1
