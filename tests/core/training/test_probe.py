"""A head that starts from logistic regression."""

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from core.config import Head
from core.model.stages import cuts_of, prefix_model
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import LEAKFREE
from core.training.loop import StageData
from core.training.probe import PENALTY, start_head

SMALL = LEAKFREE.with_settings({"input.size": 32})
STAGE = SMALL.stage("baseline")


@pytest.fixture(scope="module")
def pictures():
    made = np.random.default_rng(1).integers(0, 120, (30, 32, 32, 3), dtype=np.uint8)
    made[::3, 8:20, 4:12] += 100
    return made


def started(pictures, head=SMALL.head, cached=True):
    model = build_model(SMALL.model_copy(update={"head": head}), Weights("random"))
    cuts = cuts_of(STAGE, head) if cached else ()
    inputs = (pictures,)
    if cached:
        found = prefix_model(model, cuts).predict_on_batch(pictures.astype(np.float32) / 255)
        inputs = tuple(np.asarray(found[cut]) for cut in cuts)
    positive = np.arange(30) % 3 == 0
    data = StageData(inputs, positive, np.arange(24), np.arange(24, 30), "unit")
    start_head(model, head, cuts, data)
    return model, data


def test_it_says_what_scikit_learns_regression_says(pictures):
    model, data = started(pictures)
    batch = pictures.astype(np.float32) / 255
    features = keras.Model(model.input, model.get_layer("features").output).predict_on_batch(batch)
    train, rest = features[:24], features[24:]
    spread = train.std(axis=0)
    spread[spread == 0] = 1
    by_hand = LogisticRegression(C=1 / PENALTY, class_weight="balanced", max_iter=5000)
    by_hand.fit((train - train.mean(axis=0)) / spread, data.positive[:24])
    expected = by_hand.predict_proba((rest - train.mean(axis=0)) / spread)[:, 1]
    found = model.predict_on_batch(batch[24:])[:, 1]
    np.testing.assert_allclose(found, expected, atol=2e-3)
    assert np.ptp(expected) > 0.05


def test_cached_or_not_it_is_the_same(pictures):
    one, _ = started(pictures)
    other, _ = started(pictures, cached=False)
    np.testing.assert_allclose(
        *(m.predict_on_batch(pictures.astype(np.float32) / 255) for m in (one, other)), atol=1e-3
    )


def test_a_head_that_starts_random_is_left_as_it_is(pictures):
    head = Head(pooling="average", units=(8,))
    model, _ = started(pictures, head)
    again = build_model(SMALL.model_copy(update={"head": head}), Weights("random"))
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
