"""Which parts of a picture speak for a class: class activation maps by tf-keras-vis.

tf-keras-vis 0.8.7 runs on Keras 3 as it is. Called as in its examples, though, one map costs
several forward passes: it clones the model with all its weights, runs every layer eagerly and
differentiates back to the pixels. What it computes needs none of that, since a map at a layer
depends on nothing below that layer but its output. So the network is cut there once: the part
below is traced once and run without gradients, and only the part above, with that output as
its input, is handed to tf-keras-vis. The maps are the same (a test compares them).

The cut is also where mixed precision is dealt with, which tf-keras-vis knows as float16 only:
the activations are handed over as float32, so that their gradients are float32 as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
from tf_keras_vis.layercam import Layercam
from tf_keras_vis.utils.scores import Score

from core.errors import SettingError

Float32 = NDArray[np.float32]

LAYER = "block5_conv4"
"""VGG19's last convolution: where its maps mean most and are coarsest."""

Method = Callable[[keras.Model, Score, Any], Any]
"""Takes the network above a layer, what to explain, and that layer's activations (n, h, w, c);
gives the raw map of each picture, (n, h, w). To add a method is to add one to `METHODS`."""


def _class_activation(visualization: type[Gradcam]) -> Method:
    """One of tf-keras-vis's gradient-based maps, neither expanded nor normalised."""

    def cells(above: keras.Model, score: Score, activations: Any) -> Any:
        return visualization(above)(
            score,
            activations,
            penultimate_layer=above.layers[0],
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
        )

    return cells


METHODS: Mapping[str, Method] = {
    # Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391
    "grad-cam": _class_activation(Gradcam),
    # Chattopadhyay et al. 2018, https://arxiv.org/abs/1710.11063
    "grad-cam++": _class_activation(GradcamPlusPlus),
    # Jiang et al. 2021, https://doi.org/10.1109/TIP.2021.3089943
    "layer-cam": _class_activation(Layercam),
}


@dataclass(frozen=True, eq=False)
class Maps:
    """What spoke for a class in each of n pictures.

    Attributes:
        maps: float32 (n, S, S), raw and at least 0: what 1 means differs between networks and
            methods, but not between pictures. All 0 where nothing spoke for the class.
        maximum: float32 (n,), the largest value of each map before it was enlarged.
        target: int (n,), the class explained: 0 the negative, 1 the positive one.
        probabilities: float32 (n, 2), softmax, negative class first.
    """

    maps: Float32
    maximum: Float32
    target: NDArray[np.int64]
    probabilities: Float32


class Explainer:
    """A network, ready to explain its answers at one layer. Weights are shared, not copied.

    Args:
        model: A flat network from pictures (n, S, S, 3) to softmax (n, 2), as
            `core.model.vgg19.build_model` makes it. It is left as it is.
        layer: Name of the convolution whose activations are weighed.

    Raises:
        SettingError: There is no such convolution, or Keras runs on another backend than
            TensorFlow, which tf-keras-vis needs.
    """

    def __init__(self, model: keras.Model, layer: str = LAYER) -> None:
        if keras.backend.backend() != "tensorflow":
            raise SettingError(
                "Keras on TensorFlow, which the maps are made with",
                f"it runs on {keras.backend.backend()}",
                "Set KERAS_BACKEND=tensorflow to explain predictions; models stay valid.",
            )
        known = [la.name for la in model.layers if isinstance(la, keras.layers.Conv2D)]
        if layer not in known:
            raise SettingError(
                f"one of the convolutions {', '.join(known)}",
                f"'{layer}' was given",
                f"Choose one of them; {LAYER} is the usual one.",
            )
        self.layer = layer
        self.size: int = model.input.shape[1]
        below = keras.Model(model.input, model.get_layer(layer).output)
        self._below = tf.function(
            lambda pictures: tf.cast(below(pictures, training=False), tf.float32),
            # Any number of pictures: a new batch size must not trace the network again.
            input_signature=[tf.TensorSpec((None, *model.input.shape[1:]), tf.float32)],
        )
        self._above = _above(model, layer)

    def explain(self, batch: Float32, target: int | None = None, method: str = "grad-cam") -> Maps:
        """Explain the answer to each picture of a batch.

        Args:
            batch: Network input, float32 (n, S, S, 3).
            target: The class to explain: 0 the negative, 1 the positive one, none the one that
                was predicted.
            method: A name in `METHODS`.

        Returns:
            Maps and probabilities, from one pass through the network.

        Raises:
            SettingError: There is no such class or method.
        """
        if method not in METHODS:
            raise SettingError(
                f"one of the methods {', '.join(METHODS)}",
                f"'{method}' was given",
                "Choose one of them.",
            )
        if target not in (None, 0, 1):
            raise SettingError(
                "0 (the negative class), 1 (the positive class) or none (the predicted one)",
                f"{target} was given",
                "Choose one of the two classes.",
            )
        score = ClassScore(target)
        cells = np.asarray(METHODS[method](self._above, score, self._below(batch)), np.float32)
        return Maps(
            maps=np.stack([enlarge(cell, self.size) for cell in cells]),
            maximum=cells.max(axis=(1, 2)),
            target=score.target.numpy(),
            probabilities=score.probabilities.numpy(),
        )


class ClassScore(Score):
    """The softmax's input for one class: what a map explains.

    It keeps the answer to the whole batch, so that the network need not run again for it. Its
    own value is always 0, with the true gradient: Grad-CAM++ weighs by the exponential of the
    value, which overflows for a confident network and is a mere factor otherwise.

    Args:
        target: 0, 1, or none for the predicted class of each picture.

    Attributes:
        probabilities: The network's answer, float32 (n, 2), once called.
        target: The class explained, (n,), once called.
    """

    def __init__(self, target: int | None) -> None:
        super().__init__("ClassScore")
        self._wanted = target

    def __call__(self, output: Any) -> Any:
        """Take the network's answer (n, 2); give the score of each picture, (n,)."""
        self.probabilities = tf.nn.softmax(output)
        if self._wanted is None:
            self.target = tf.cast(self.probabilities[:, 1] >= 0.5, tf.int64)
        else:
            self.target = tf.fill([tf.shape(output)[0]], tf.constant(self._wanted, tf.int64))
        chosen = tf.gather(output, self.target, axis=1, batch_dims=1)
        return chosen - tf.stop_gradient(chosen)


def enlarge(cells: Float32, size: int) -> Float32:
    """Spread a map of a layer's cells (h, w) bilinearly over its picture, (size, size).

    A cell covers 2, 4, 8 … pixels either way, one doubling for each pooling before it. Where
    that leaves a remainder the pooling dropped it: the last cells are repeated there.
    """
    rows, columns = cells.shape
    stride = 2 ** int(np.log2(size / rows))
    covered = cv2.resize(cells, (columns * stride, rows * stride), interpolation=cv2.INTER_LINEAR)
    return np.pad(covered, ((0, size - rows * stride), (0, size - columns * stride)), "edge")


def _above(model: keras.Model, layer: str) -> keras.Model:
    """From a layer's activations (float32) to the softmax's input, on the model's own layers."""
    layers = model.layers[model.layers.index(model.get_layer(layer)) + 1 :]
    start = keras.Input(model.get_layer(layer).output.shape[1:], dtype="float32")
    x = start
    for each in layers[:-1]:
        x = each(x)
    softmax = layers[-1]
    linear = keras.layers.Dense(softmax.units, dtype="float32", name="logits")
    logits = linear(x)
    linear.set_weights(softmax.get_weights())
    return keras.Model(start, logits, name=f"above_{layer}")
