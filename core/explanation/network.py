"""A network that can be entered and left at any convolution.

tf-keras-vis 0.8.7 runs on Keras 3 as it is. Called as in its examples, though, one map costs
several forward passes: it clones the model with all its weights, runs every layer eagerly and
differentiates back to the pixels. A map at a layer needs none of that, since it depends on
nothing below that layer but its output. So the network is cut there: the part below is traced
once and run without gradients, and only the part above, with that output as its input, is
handed to tf-keras-vis. The maps are the same (a test compares them).

A cut is also where mixed precision is dealt with, which tf-keras-vis knows as float16 only:
activations are handed over as float32, so that their gradients are float32 as well.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from core.errors import SettingError


class Logits(keras.Model):
    """A part of the network that ends before the softmax, and says nothing while it predicts."""

    def predict(self, x: Any, batch_size: int | None = None) -> Any:
        """As in Keras, without the progress bar on stdout, where an answer may be due."""
        return super().predict(x, batch_size=batch_size, verbose=0)


class Network:
    """A model, and its parts as they are asked for. Weights are shared, not copied.

    Args:
        model: A flat network from pictures (n, S, S, 3) to softmax (n, 2), as
            `core.model.vgg19.build_model` makes it. It is left as it is.

    Raises:
        SettingError: Keras runs on another backend than TensorFlow, which tf-keras-vis needs.
    """

    def __init__(self, model: keras.Model) -> None:
        if keras.backend.backend() != "tensorflow":
            raise SettingError(
                "Keras on TensorFlow, which the maps are made with",
                f"it runs on {keras.backend.backend()}",
                "Set KERAS_BACKEND=tensorflow to explain predictions; models stay valid.",
            )
        self.model = model
        self.size: int = model.input.shape[1]
        self._passages: dict[tuple[str | None, str], Callable[[Any], Any]] = {}
        self._above: dict[str | None, Logits] = {}
        softmax = model.layers[-1]
        self._linear = keras.layers.Dense(softmax.units, dtype="float32", name="logits")
        self._linear.build(softmax.input.shape)
        self._linear.set_weights(softmax.get_weights())

    def depth(self, layer: str) -> int:
        """How many layers lie below this one."""
        return int(self.model.layers.index(self.model.get_layer(layer)))

    def passage(self, start: str | None, end: str) -> Callable[[Any], Any]:
        """From what one layer gives to what a later one gives, traced once.

        Args:
            start: The layer whose activations go in; none for pictures, float32 (n, S, S, 3).
            end: The layer whose activations come out, as float32 (n, h, w, c).
        """
        if (start, end) not in self._passages:
            entered = self.model.input if start is None else self.model.get_layer(start).output
            part = keras.Model(entered, self.model.get_layer(end).output)
            self._passages[start, end] = tf.function(
                lambda x: tf.cast(part(x, training=False), tf.float32),
                # Any number of pictures: a new batch size must not trace the network again.
                input_signature=[tf.TensorSpec((None, *entered.shape[1:]), tf.float32)],
            )
        return self._passages[start, end]

    def above(self, layer: str | None) -> Logits:
        """From a layer's activations (float32) to the softmax's input, (n, 2).

        Args:
            layer: Its name; none for the whole network, from pictures on.
        """
        if layer not in self._above:
            if layer is None:
                # On the model's own tensors, in which tf-keras-vis finds a layer by name.
                start, x = self.model.input, self.model.layers[-1].input
            else:
                start = x = keras.Input(
                    self.model.get_layer(layer).output.shape[1:], dtype="float32"
                )
                for each in self.model.layers[self.depth(layer) + 1 : -1]:
                    x = each(x)
            self._above[layer] = Logits(start, self._linear(x), name=f"above_{layer or 'pixels'}")
        return self._above[layer]
