"""A network that can be entered and left at any convolution.

tf-keras-vis 0.8.7 runs on Keras 3 as it is. Called as in its examples, though, one map costs
several forward passes: it clones the model with all its weights, runs every layer eagerly and
differentiates back to the pixels. A map at a layer needs none of that, since it depends on
nothing below that layer but its output. So the network is cut there: the part below is traced
once and run without gradients, and only the part above, with that output as its input, is
handed to tf-keras-vis. The maps are the same (a test compares them).

A cut is also where mixed precision is dealt with, which tf-keras-vis knows as float16 only:
activations are handed over as float32, so that their gradients are float32 as well.

The part above is traced as well, and its convolutions give no gradient for their weights, which
nobody asks for and TensorFlow would compute with every map.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import keras
import tensorflow as tf

from core.errors import SettingError


class Logits(keras.Model):
    """A part of the network that ends before the softmax, and says nothing while it predicts."""

    def predict(self, x: Any, batch_size: int | None = None) -> Any:
        """As in Keras, without the progress bar on stdout, where an answer may be due."""
        return super().predict(x, batch_size=batch_size, verbose=0)


class _Convolution(keras.layers.Layer):
    """A convolution of VGG19 that has a gradient for what enters it, and none for its weights."""

    def __init__(self, convolution: keras.layers.Conv2D) -> None:
        super().__init__(dtype=convolution.dtype_policy, trainable=False)
        self._convolution = convolution

    def call(self, x: Any) -> Any:
        """What the convolution gives of x, (n, h, w, c)."""
        layer = self._convolution
        kernel = tf.cast(tf.convert_to_tensor(layer.kernel), x.dtype)

        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def convolve(x: Any) -> Any:
            def gradient(upstream: Any) -> Any:
                return tf.nn.conv2d_transpose(upstream, kernel, tf.shape(x), 1, "SAME")

            return tf.nn.conv2d(x, kernel, 1, "SAME"), gradient

        return tf.nn.relu(tf.nn.bias_add(convolve(x), tf.cast(layer.bias, x.dtype)))


def _traced(part: keras.Model) -> Callable[[Any], Any]:
    """A part as a function to float32, traced once for any number of pictures."""
    traced = tf.function(
        lambda x: tf.cast(part(x, training=False), tf.float32),
        input_signature=[tf.TensorSpec(part.input.shape, tf.float32)],
    )
    # The one trace itself: TensorFlow takes several functions of this place in the code for one
    # that is traced again and again, and warns of it.
    run = traced.get_concrete_function()
    return lambda x: run(tf.convert_to_tensor(x))


class _Traced(keras.layers.Layer):
    """A part of the network as one layer: traced once, and its gradients with it."""

    def __init__(self, part: keras.Model) -> None:
        super().__init__(dtype="float32", trainable=False)
        self._run = _traced(part)

    def call(self, x: Any) -> Any:
        """What the part gives."""
        return self._run(x)


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
            layers = self._between(start, self.depth(end) + 1)
            self._passages[start, end] = _traced(self._part(start, layers))
        return self._passages[start, end]

    def above(self, layer: str | None) -> Logits:
        """From a layer's activations (float32) to the softmax's input, (n, 2), traced.

        Args:
            layer: Its name; none for the whole network, from pictures on.
        """
        if layer not in self._above:
            part = self._part(layer, [*self._between(layer, -1), self._linear])
            start = keras.Input(part.input.shape[1:], dtype="float32")
            self._above[layer] = Logits(start, _Traced(part)(start))
        return self._above[layer]

    @cached_property
    def open(self) -> Logits:
        """All of it up to the softmax's input, in which tf-keras-vis finds a layer by name."""
        return Logits(self.model.input, self._linear(self.model.layers[-1].input))

    def _between(self, start: str | None, end: int) -> list[keras.Layer]:
        """The layers above `start`, up to but without the one at place `end`."""
        first = 1 if start is None else self.depth(start) + 1
        found: list[keras.Layer] = self.model.layers[first:end]
        return found

    def _part(self, start: str | None, layers: list[keras.Layer]) -> keras.Model:
        """These layers from what `start` gives (float32), without gradients for their weights."""
        entered = self.model.input if start is None else self.model.get_layer(start).output
        given = x = keras.Input(entered.shape[1:], dtype="float32")
        for layer in layers:
            convolves = isinstance(layer, keras.layers.Conv2D)
            x = (_Convolution(layer) if convolves else layer)(x)
        return keras.Model(given, x)
