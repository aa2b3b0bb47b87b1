"""Maps say what the network went by: held against networks whose reasons are known."""

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
from tf_keras_vis.utils.scores import CategoricalScore

from core.config import Head, Training
from core.errors import SettingError
from core.explanation.maps import MAKERS, Explainer, enlarge
from core.explanation.methods import COARSE, DEFAULT, FINE, METHODS
from core.model.graph import run_to, seen_by_head, sources
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import REPORT

SIZE = 64
EVIDENCE = [name for name in METHODS if name != "smoothgrad"]
"""Methods that tell what speaks for a class from what speaks against it."""

HEADS = {
    "one layer": {},
    "several layers": {
        "pooling": "symmetry",
        "layers": ("block3_pool", "block4_pool", "block5_pool"),
    },
}


def protocol(size=SIZE, precision="float32", **head):
    return REPORT.model_copy(
        update={
            "input": REPORT.input.model_copy(update={"size": size}),
            "head": Head(**({"units": (16, 8)} | head)),
            "training": Training(precision=precision),
        }
    )


@pytest.fixture(scope="module", params=HEADS.values(), ids=list(HEADS))
def head(request):
    return request.param


@pytest.fixture(scope="module")
def model(head):
    return build_model(protocol(**head), Weights("random"))


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
    sides = [name for name in seen_by_head(model) if name != "block5_pool"]
    inner = keras.Model(
        model.input,
        [softmax.input, *(model.get_layer(name).output for name in (COARSE, *sides))],
    )
    with tf.GradientTape() as tape:
        before, activations, *past = inner(batch, training=False)
        tape.watch(activations)
        # The tape must see the path from the activations, so the rest is run again from them.
        known = {COARSE: activations, **dict(zip(sides, past, strict=True))}
        x = run_to(model, sources(model)["prediction"][0], known)
        logits = tf.matmul(x, softmax.kernel) + softmax.bias
        chosen = tf.gather(logits, targets, axis=1, batch_dims=1)
    np.testing.assert_allclose(x, before, rtol=1e-4, atol=1e-6)
    gradients = tape.gradient(chosen, activations).numpy()
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    return np.maximum((weights * activations.numpy()).sum(axis=-1), 0)


@pytest.mark.parametrize("target", [0, 1])
def test_gradcam_is_the_published_formula(model, explainer, batch, target):
    found = explainer.explain(batch, target, "grad-cam")
    by_hand = gradcam_by_hand(model, batch, [target] * len(batch))
    assert by_hand.max() > 0
    np.testing.assert_allclose(found.maximum, by_hand.max(axis=(1, 2)), rtol=1e-4)
    expected = np.stack([enlarge(cells, SIZE) for cells in by_hand])
    np.testing.assert_allclose(found.maps, expected, rtol=1e-4, atol=1e-4 * by_hand.max())


def test_gradcam_is_what_tf_keras_vis_makes_of_the_whole_model(model, explainer, batch):
    theirs = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)(
        CategoricalScore([1]),
        batch,
        penultimate_layer=COARSE,
        normalize_cam=False,
        expand_cam=False,
    )
    expected = np.stack([enlarge(np.asarray(cells), SIZE) for cells in theirs])
    found = explainer.explain(batch, 1, "grad-cam").maps
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * expected.max())


def test_every_method_offered_can_be_computed():
    assert MAKERS.keys() == METHODS.keys()
    assert DEFAULT in METHODS
    assert not METHODS[DEFAULT].slow


@pytest.mark.parametrize("method", EVIDENCE)
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


@pytest.mark.parametrize("method", EVIDENCE)
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


def test_gradcam_plus_plus_stands_a_very_confident_network(model, head, batch):
    """Its exponential of the score overflows float32 beyond 88."""
    confident = build_model(protocol(**head), Weights("random"))
    confident.set_weights(model.get_weights())
    kernel, bias = confident.get_layer("prediction").get_weights()
    confident.get_layer("prediction").set_weights([kernel, bias + np.float32([0, 1000])])
    found = Explainer(confident).explain(batch, 1, "grad-cam++").maps
    usual = Explainer(model).explain(batch, 1, "grad-cam++").maps
    np.testing.assert_allclose(found, usual, rtol=1e-4, atol=1e-4 * usual.max())


@pytest.mark.parametrize(("method", "likeness"), [("grad-cam", 0.95), ("fusion", 0.8)])
def test_mixed_precision_gives_nearly_the_same_maps(
    model, head, explainer, batch, method, likeness
):
    """HiResCAM adds what speaks for and against at each place: rounding shows in what is left."""
    mixed = build_model(protocol(precision="mixed_bfloat16", **head), Weights("random"))
    mixed.set_weights(model.get_weights())
    assert mixed.get_layer(COARSE).compute_dtype == "bfloat16"
    found = Explainer(mixed).explain(batch, 1, method)
    usual = explainer.explain(batch, 1, method)
    assert found.maps.dtype == np.float32
    for ours, exact in zip(found.maps, usual.maps, strict=True):
        assert np.corrcoef(ours.ravel(), exact.ravel())[0, 1] > likeness
    np.testing.assert_allclose(found.probabilities, usual.probabilities, atol=0.02)


@pytest.mark.parametrize("method", ["grad-cam", "layer-cam-fine", "fusion"])
def test_mixed_precision_changes_no_map_that_has_a_reason(red_or_blue, method):
    """Random weights leave what rounding decides; here each map is known but for its digits."""
    kind = protocol(units=(), pooling="average", precision="mixed_bfloat16")
    mixed = build_model(kind, Weights("random"))
    mixed.set_weights(red_or_blue.get_weights())
    picture = painted(red=(0, 2), blue=(3, 1))
    found = Explainer(mixed).explain(picture, 1, method).maps
    exact = Explainer(red_or_blue).explain(picture, 1, method).maps
    assert exact.max() > 0
    np.testing.assert_allclose(found, exact, rtol=0.02, atol=0.02 * exact.max())


def test_an_earlier_layer_gives_finer_maps(red_or_blue):
    picture = painted(red=(1, 2))
    inside = {}
    for method in ("layer-cam", "layer-cam-fine"):
        map = Explainer(red_or_blue).explain(picture, 1, method).maps[0]
        inside[method] = map[16:32, 32:48].sum() / map.sum()
    assert inside["layer-cam-fine"] > inside["layer-cam"] + 0.1


def test_mirrored_maps_do_not_care_which_way_round_a_picture_is(explainer, batch):
    straight = explainer.explain(batch, 1, "layer-cam-mirrored").maps
    turned = explainer.explain(batch[:, :, ::-1], 1, "layer-cam-mirrored").maps
    np.testing.assert_allclose(straight, turned[:, :, ::-1], rtol=1e-3, atol=1e-4 * straight.max())


def test_fusion_is_what_its_three_maps_give_by_hand(model, explainer, batch):
    """HiResCAM at two layers and Layer-CAM, from one tape over all above the lower one."""
    look = explainer.look(batch, 1)
    known = dict(
        zip((FINE, *look.network.sides(FINE)), map(tf.constant, look.entering(FINE)), strict=True)
    )
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(known[FINE])
        before = run_to(model, sources(model)["prediction"][0], known)
        last = model.get_layer("prediction")
        score = (before @ last.kernel + last.bias)[:, 1]
    fine, coarse = (
        np.maximum((tape.gradient(score, known[name]) * known[name]).numpy().sum(axis=-1), 0)
        for name in (FINE, COARSE)
    )
    expected = np.sqrt(np.stack([enlarge(cells, fine.shape[1]) for cells in coarse]) * fine)
    layer_cam = explainer.look(batch, 1).cells("layer-cam-fine")
    expected *= layer_cam / layer_cam.max(axis=(1, 2), keepdims=True)
    found = explainer.look(batch, 1).cells("fusion")
    assert found.max() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * expected.max())


@pytest.mark.parametrize("layer", [None, FINE, COARSE])
def test_the_part_above_a_layer_has_the_gradients_of_the_model(explainer, batch, layer):
    network = explainer.network
    sides = () if layer is None else network.sides(layer)
    known = [batch] if layer is None else explainer.look(batch, 1).entering(layer)
    given, *past = map(tf.constant, known)

    def gradient(above):
        with tf.GradientTape() as tape:
            tape.watch(given)
            answer = above([given, *past])[:, 1]
        return tape.gradient(answer, given).numpy()

    last = network.model.layers[-1]
    (before,) = sources(network.model)[last.name]

    def plain(values):
        names = [layer or network.model.layers[0].name, *sides]
        x = run_to(network.model, before, dict(zip(names, values, strict=True)))
        return x @ last.kernel + last.bias

    expected = gradient(plain)
    assert np.abs(expected).max() > 0
    found = gradient(network.above(layer))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


def test_smoothgrad_is_the_mean_gradient_of_noisy_copies(model, explainer, batch, monkeypatch):
    monkeypatch.setattr("core.explanation.maps.NOISE", 0.0)
    with tf.GradientTape() as tape:
        pictures = tf.constant(batch)
        tape.watch(pictures)
        softmax = model.get_layer("prediction")
        inner = keras.Model(model.input, softmax.input)(pictures, training=False)
        score = (tf.matmul(inner, softmax.kernel) + softmax.bias)[:, 1]
    expected = np.abs(tape.gradient(score, pictures).numpy()).max(axis=-1)
    found = explainer.explain(batch, 1, "smoothgrad").maps
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * expected.max())


def test_scorecam_weighs_channels_by_what_the_network_says_through_them(red_or_blue):
    """Two channels hold all there is: red alone raises the answer, blue alone lowers it."""
    picture = painted(red=(0, 2), blue=(3, 1))
    channels = keras.Model(red_or_blue.input, red_or_blue.get_layer(COARSE).output)
    activations = channels.predict_on_batch(picture)[0]
    blank = red_or_blue.predict_on_batch(np.zeros_like(picture))[0, 1]
    by_hand = 0
    for channel in (0, 1):
        zoomed = cv2.resize(activations[..., channel], (SIZE, SIZE))
        seen = picture * (zoomed / zoomed.max())[None, ..., None]
        weight = red_or_blue.predict_on_batch(seen)[0, 1] - blank
        by_hand = by_hand + weight * activations[..., channel]
    expected = np.maximum(by_hand, 0)
    found = Explainer(red_or_blue).explain(picture, 1, "score-cam")
    assert hottest_cell(found.maps[0]) == (0, 2)
    assert found.maximum[0] == pytest.approx(expected.max(), rel=0.1)


@pytest.mark.parametrize("method", ["score-cam", "smoothgrad"])
def test_slow_methods_print_nothing(explainer, batch, method, capfd):
    explainer.explain(batch[:1], 1, method)
    assert capfd.readouterr().out == ""


def test_maps_of_one_look_are_those_of_many(explainer, batch):
    look = explainer.look(batch, 1)
    for method in ("layer-cam-fine", "grad-cam", "grad-cam++"):
        alone = explainer.explain(batch, 1, method)
        np.testing.assert_allclose(
            look.maps(method).maps, alone.maps, rtol=1e-3, atol=1e-4 * alone.maximum.max()
        )


def test_the_model_is_left_as_it_is_and_not_copied(model, batch):
    before = model.predict_on_batch(batch)
    trainable = model.count_params()
    explainer = Explainer(model)
    explainer.explain(batch)
    explainer.explain(batch, method="fusion")
    np.testing.assert_array_equal(model.predict_on_batch(batch), before)
    assert model.count_params() == trainable
    # The traced part has no weights of its own, and the open one no more than its last layer.
    assert explainer.network.above(COARSE).weights == []
    shared = {id(weight) for weight in model.weights}
    own = [w for w in explainer.network.open.weights if id(w) not in shared]
    assert sum(int(np.prod(w.shape)) for w in own) == 8 * 2 + 2, "more than the last layer is new"


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
