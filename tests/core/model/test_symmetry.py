"""What a head makes of left and right."""

import keras
import numpy as np
import pytest

from core.model.symmetry import Asymmetry, Standardisation
from core.model.vgg19 import build_model, load_model
from core.model.weights import Weights
from core.protocols import LEAKFREE

SMALL = LEAKFREE.with_settings({"input.size": 48})


@pytest.fixture(scope="module")
def activations():
    return np.random.default_rng(0).random((3, 7, 6, 5), np.float32)


def asymmetry(x):
    return keras.ops.convert_to_numpy(Asymmetry()(x))


def test_what_is_its_own_mirror_image_has_none(activations):
    both = activations + activations[:, :, ::-1]
    np.testing.assert_allclose(asymmetry(both), 0, atol=1e-6)


def test_a_picture_and_its_mirror_image_have_the_same(activations):
    np.testing.assert_allclose(
        asymmetry(activations), asymmetry(activations[:, :, ::-1]), rtol=1e-5
    )


def test_it_is_the_mean_difference_of_averaged_neighbours():
    """One warm place among 5 x 9: nine places near it differ by a ninth, and nine across."""
    x = np.zeros((1, 5, 9, 1), np.float32)
    x[0, 2, 2, 0] = 1
    assert asymmetry(x)[0, 0] == pytest.approx(2 * 9 / 9 / 45)


def test_it_speaks_for_its_channel_alone(activations):
    changed = activations.copy()
    changed[..., 2] *= 3
    found, before = asymmetry(changed), asymmetry(activations)
    np.testing.assert_allclose(found[:, 2], 3 * before[:, 2], rtol=1e-5)
    np.testing.assert_allclose(found[:, [0, 1, 3, 4]], before[:, [0, 1, 3, 4]], rtol=1e-5)


def test_standardised_features_have_mean_0_and_spread_1():
    features = np.random.default_rng(1).normal(5, 3, (40, 4)).astype(np.float32)
    features[:, 3] = 7
    layer = Standardisation()
    np.testing.assert_array_equal(layer(features), features)
    layer.learn(features)
    found = keras.ops.convert_to_numpy(layer(features))
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=0), [1, 1, 1, 0], atol=1e-5)
    assert layer.trainable_weights == []


def test_a_saved_model_says_the_same(tmp_path):
    model = build_model(SMALL, Weights("random"))
    layer = model.get_layer("standardised")
    width = layer.mean.shape[0]
    assert width == 3 * (256 + 512 + 512)
    layer.learn(np.random.default_rng(2).random((9, width), np.float32))
    batch = np.random.default_rng(3).random((2, 48, 48, 3), np.float32)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        loaded.predict_on_batch(batch), model.predict_on_batch(batch), rtol=1e-5
    )
