"""Where a head starts: from logistic regression on what the frozen network sees.

A head that starts from random values sends large errors down into layers that were good; one
that starts as a linear probe does not (Kumar et al. 2022, "Fine-tuning can distort pretrained
features and underperform out-of-distribution"). With a few hundred scans and some thousand
features the penalty of the regression also does what early stopping cannot.
"""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from core.config import Head
from core.model.graph import run_to, sources
from core.model.symmetry import Standardisation
from core.training.loop import StageData

Float32 = NDArray[np.float32]

PENALTY = 100.0
"""Of the squared weights, against the summed losses (scikit-learn's 1 / C)."""
BATCH = 32


def start_head(model: keras.Model, head: Head, cuts: Sequence[str], data: StageData) -> None:
    """Give a head its start, from what the frozen layers give for the training rows.

    Features are standardised, where the head has a layer for that. The last layer of one that
    starts from regression is set to where that ends; the classes weigh the same, whatever their
    numbers.

    Args:
        model: The full model; changed in place.
        head: Its settings.
        cuts: The frozen layers whose outputs `data` holds; none when it holds pictures.
        data: What the first stage is fed.
    """
    taken = sources(model)
    softmax = model.layers[-1]
    for layer in model.layers:
        if isinstance(layer, Standardisation):
            layer.learn(_features(model, taken[layer.name][0], cuts, data))
    if head.start == "random":
        return
    features = _features(model, taken[softmax.name][0], cuts, data)
    fitted = LogisticRegression(C=1 / PENALTY, class_weight="balanced", max_iter=5000)
    fitted.fit(features.astype(np.float64), data.positive[data.train])
    # A softmax over (-z/2, z/2) is the logistic function of z.
    half, bias = fitted.coef_[0] / 2, fitted.intercept_[0] / 2
    softmax.set_weights([np.stack([-half, half], axis=1), np.array([-bias, bias])])


def _features(model: keras.Model, layer: str, cuts: Sequence[str], data: StageData) -> Float32:
    """What a layer of the head gives for the training rows, (n, d)."""
    entered = cuts or (model.layers[0].name,)
    found = []
    for start in range(0, len(data.train), BATCH):
        fed = data.batch(data.train[start : start + BATCH])
        known = dict(zip(entered, fed if isinstance(fed, list) else [fed], strict=True))
        found.append(keras.ops.convert_to_numpy(run_to(model, layer, known)))
    return np.concatenate(found).astype(np.float32)
