"""The network: VGG19 and its head as one flat graph, so that explanations reach every layer."""

import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.config import Head, Protocol, Scaling
from core.errors import RunError, WeightsError
from core.model.architecture import CLASSES
from core.model.symmetry import Asymmetry, Standardisation
from core.model.weights import Weights

PREDICTION = "prediction"
# Random values stand in for a file of weights, and like a file they are the same for every seed.
RANDOM_START = 7
# Typical root mean square of a scan as the network receives it (`preprocessing.scale`).
INPUT_SIZE: dict[Scaling, float] = {"unit": 0.3, "imagenet": 80.0}


def build_model(protocol: Protocol, weights: Weights) -> keras.Model:
    """Build VGG19 without its top under the protocol's head.

    Args:
        protocol: Input size, head, precision and seed.
        weights: What VGG19 starts from; the head always starts random, from the seed.

    Returns:
        A flat functional model, float32 (n, size, size, 3) to softmax (n, 2), in which
        VGG19's layers keep their Keras names.

    Raises:
        WeightsError: The file does not hold VGG19 without its top.
    """
    keras.utils.set_random_seed(protocol.seed)
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy(protocol.training.precision)
    try:
        size = protocol.input.size
        base = keras.applications.VGG19(
            weights=None, include_top=False, input_shape=(size, size, 3), name="vgg19"
        )
        _load(base, weights, protocol)
        x = _pooled(base, protocol.head)
        for number, units in enumerate(protocol.head.units, start=1):
            x = keras.layers.Dense(units, activation="relu", name=f"head_dense{number}")(x)
            if number == 1 and protocol.head.dropout:
                x = keras.layers.Dropout(
                    protocol.head.dropout, seed=protocol.seed, name="head_dropout"
                )(x)
        # Softmax in float32 whatever the precision: probabilities near 0 and 1 need it.
        x = keras.layers.Dense(CLASSES, activation="softmax", dtype="float32", name=PREDICTION)(x)
        return keras.Model(base.input, x, name="neurostage")
    finally:
        keras.config.set_dtype_policy(former)


def load_model(path: Path) -> keras.Model:
    """Read a stage's model that was saved while it trained, this project's layers among its own.

    Raises:
        RunError: It is missing or damaged.
    """
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise RunError(
            f"a readable model of stage '{path.parent.name}'",
            f"its {path.name} is missing or damaged",
            "Train that stage again, or choose another one.",
        ) from error


def _pooled(base: keras.Model, head: Head) -> Any:
    """What the head looks at, as one vector for each picture."""
    found = []
    for name in head.layers:
        seen = base.get_layer(name).output
        if head.pooling == "flatten":
            found.append(keras.layers.Flatten(name=f"flatten_{name}")(seen))
            continue
        # Sums over many places: bfloat16 would keep two digits of them.
        average = keras.layers.GlobalAveragePooling2D(name=f"average_{name}", dtype="float32")
        found.append(average(seen))
        if head.pooling == "symmetry":
            largest = keras.layers.GlobalMaxPooling2D(name=f"largest_{name}", dtype="float32")
            found.append(largest(seen))
            found.append(Asymmetry(name=f"asymmetry_{name}", dtype="float32")(seen))
    x = found[0]
    if len(found) > 1:
        x = keras.layers.Concatenate(name="features", dtype="float32")(found)
    if head.pooling == "symmetry":
        x = Standardisation(name="standardised", dtype="float32")(x)
    return x


def _load(base: keras.Model, weights: Weights, protocol: Protocol) -> None:
    if weights.path is None:
        # Glorot's values fade to nothing through sixteen ReLU layers; He's do not
        # (He et al. 2015, "Delving deep into rectifiers").
        for number, layer in enumerate(base.layers):
            if isinstance(layer, keras.layers.Conv2D):
                start = keras.initializers.HeNormal(seed=RANDOM_START + number)
                layer.kernel.assign(start(layer.kernel.shape, dtype=layer.kernel.dtype))
        # He's rule keeps the size of what comes in, which should therefore be about 1.
        first = base.get_layer("block1_conv1").kernel
        first.assign(first / INPUT_SIZE[protocol.input.scaling])
        return
    kernels = [layer.kernel for layer in base.layers if isinstance(layer, keras.layers.Conv2D)]
    before = [keras.ops.convert_to_numpy(kernel) for kernel in kernels]
    try:
        base.load_weights(weights.path)
        # Some wrong files pass with no more than a warning and leave layers as they were.
        for kernel, old in zip(kernels, before, strict=True):
            if np.array_equal(keras.ops.convert_to_numpy(kernel), old):
                raise ValueError(f"nothing in it for {kernel.path}")
    except (ValueError, OSError, KeyError, AttributeError, IndexError) as error:
        raise WeightsError(
            "weights of VGG19 without its top, as Keras saves them (.h5 or .weights.h5)",
            f"{weights.path} holds something else",
            "Name another file, or leave it out to let the weights be downloaded.",
        ) from error
