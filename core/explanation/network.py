"""A network that can be entered and left at any convolution.

tf-keras-vis 0.8.7 runs on Keras 3 as it is. Called as in its examples, though, one map costs
several forward passes: it clones the model with all its weights, runs every layer eagerly and
differentiates back to the pixels. A map at a layer needs none of that, since it depends on
nothing below that layer but its output, and on what else the head sees down there. So the
network is cut there: the part below is traced once and run without gradients, and only the part
above, with those outputs as its inputs, is handed to tf-keras-vis. The maps are the same (a test
compares them).

A cut is also where mixed precision is dealt with, which tf-keras-vis knows as float16 only:
activations are handed over as float32, so that their gradients are float32 as well.

The part above is traced as well, and its convolutions give no gradient for their weights, which
nobody asks for and TensorFlow would compute with every map.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from core.errors import SettingError
from core.explanation.score import ClassScore
from core.model.architecture import VGG19_LAYERS
from core.model.graph import run_to, seen_by_head

ENTRANCE = "entrance"
"""Name of the layer where activations enter the part above them."""


class Descent(NamedTuple):
    """What a way up from a layer to the answer and down again finds, for n pictures.

    Attributes:
        logits: The softmax's input, float32 (n, 2).
        activations: What a layer on the way gives, float32 (n, h, w, c).
        upper: The gradient of the score there, float32 (n, h, w, c).
        lower: The gradient of the score where the way began, float32 (n, h, w, c).
    """

    logits: Any
    activations: Any
    upper: Any
    lower: Any


class Logits(keras.Model):
    """A part of the network that ends before the softmax, and says nothing while it predicts."""

    def predict(self, x: Any, batch_size: int | None = None) -> Any:
        """As in Keras, without the progress bar on stdout, where an answer may be due."""
        return super().predict(x, batch_size=batch_size, verbose=0)


class _Convolution(keras.layers.Layer):
    """A convolution of VGG19 that has a gradient for what enters it, and none for its weights.

    That gradient is itself a convolution, of stride 1, with the kernel turned about and its
    channels exchanged. As such it takes TensorFlow little more than half the time, or less, of
    what it would run by itself.
    """

    def __init__(self, convolution: keras.layers.Conv2D) -> None:
        super().__init__(name=convolution.name, dtype=convolution.dtype_policy, trainable=False)
        self._convolution = convolution

    @cached_property
    def _turned(self) -> Any:
        """The kernel turned about: a copy, made when a part is first differentiated."""
        with tf.init_scope():  # once, and not at each call of what is being traced
            return tf.transpose(tf.reverse(self._convolution.kernel, (0, 1)), (0, 1, 3, 2))

    def call(self, x: Any) -> Any:
        """What the convolution gives of x, (n, h, w, c)."""
        layer = self._convolution
        kernel = tf.cast(tf.convert_to_tensor(layer.kernel), x.dtype)

        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def convolve(x: Any) -> Any:
            def gradient(upstream: Any) -> Any:
                return tf.nn.conv2d(upstream, tf.cast(self._turned, x.dtype), 1, "SAME")

            return tf.nn.conv2d(x, kernel, 1, "SAME"), gradient

        return tf.nn.relu(tf.nn.bias_add(convolve(x), tf.cast(layer.bias, x.dtype)))


def _once(function: Callable[..., Any], *signature: tf.TensorSpec) -> Callable[..., Any]:
    """A function, traced once for any number of pictures.

    It is the one trace itself: TensorFlow takes several functions of one place in the code for
    one that is traced again and again, and warns of it.
    """
    traced = tf.function(function, input_signature=signature, autograph=False)
    run = traced.get_concrete_function()
    return lambda *given: run(*map(tf.convert_to_tensor, given))


def _traced(part: keras.Model) -> Callable[..., Any]:
    """A part as a function of its inputs to float32."""
    return _once(
        lambda *given: tf.cast(part(list(given), training=False), tf.float32),
        *(tf.TensorSpec(each.shape, tf.float32) for each in part.inputs),
    )


class _Traced(keras.layers.Layer):
    """A part of the network as one layer: traced once, and its gradients with it."""

    def __init__(self, part: keras.Model) -> None:
        super().__init__(dtype="float32", trainable=False)
        self._run = _traced(part)

    def call(self, given: Sequence[Any]) -> Any:
        """What the part gives of its inputs."""
        return self._run(*given)


class Network:
    """A model, and its parts as they are asked for. They share its weights.

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
        self.seen = seen_by_head(model)
        self._passages: dict[tuple[str | None, str], Callable[..., Any]] = {}
        self._above: dict[str | None, Logits] = {}
        self._descents: dict[tuple[str, str], Callable[..., Descent]] = {}
        self._convolutions: dict[keras.layers.Layer, _Convolution] = {}
        softmax = model.layers[-1]
        self._linear = keras.layers.Dense(softmax.units, dtype="float32", name="logits")
        self._linear.build(softmax.input.shape)
        self._linear.set_weights(softmax.get_weights())

    def passage(self, start: str | None, end: str) -> Callable[[Any], Any]:
        """From what one of VGG19's layers gives to what a later one gives, traced once.

        Args:
            start: The layer whose activations go in; none for pictures, float32 (n, S, S, 3).
            end: The layer whose activations come out, as float32 (n, h, w, c).
        """
        if (start, end) not in self._passages:
            self._passages[start, end] = _traced(self._part([start], end))
        return self._passages[start, end]

    def sides(self, layer: str) -> tuple[str, ...]:
        """Layers below this one that the head looks at, past it; the lowest first."""
        below = VGG19_LAYERS[: VGG19_LAYERS.index(layer)]
        return tuple(seen for seen in self.seen if seen in below)

    def above(self, layer: str | None) -> Logits:
        """From a layer's activations (float32) to the softmax's input, (n, 2), traced.

        The activations of its `sides` are further inputs, after its own.

        Args:
            layer: Its name; none for the whole network, from pictures on.
        """
        if layer not in self._above:
            starts = [layer] if layer is None else [layer, *self.sides(layer)]
            part = self._part(starts, self.model.layers[-1].name)
            names = [ENTRANCE, *map("past_{}".format, starts[1:])]
            given = [
                keras.Input(each.shape[1:], dtype="float32", name=name)
                for name, each in zip(names, part.inputs, strict=True)
            ]
            self._above[layer] = Logits(given, _Traced(part)(given))
        return self._above[layer]

    def descent(self, lower: str, upper: str) -> Callable[..., Descent]:
        """From what a layer gives up to the answer, and down to it again, traced once.

        Args:
            lower: The layer.
            upper: A layer on the way whose activations and gradient are wanted as well.

        Returns:
            A function of the classes to explain, int64 (n,) as `ClassScore` takes them, of what
            the lower layer gives, float32 (n, h, w, c), and of what its `sides` give.
        """
        if (lower, upper) not in self._descents:
            starts = (lower, *self.sides(lower))

            def run(target: Any, *given: Any) -> Descent:
                known = dict(zip(starts, given, strict=True))
                with tf.GradientTape(watch_accessed_variables=False) as below:
                    below.watch(known[lower])
                    self._run_to(upper, known)
                    entering = {each: known[each] for each in (upper, *self.sides(upper))}
                with tf.GradientTape(watch_accessed_variables=False) as above:
                    above.watch(entering)
                    logits = self._run_to(self.model.layers[-1].name, dict(entering))
                    score = ClassScore(target)(logits)
                upstream = above.gradient(score, entering)
                return Descent(
                    logits,
                    tf.cast(known[upper], tf.float32),
                    tf.cast(upstream[upper], tf.float32),
                    below.gradient(entering, known[lower], upstream),
                )

            layers = map(self.model.get_layer, starts)
            self._descents[lower, upper] = _once(
                run,
                tf.TensorSpec((None,), tf.int64),
                *(tf.TensorSpec(each.output.shape, tf.float32) for each in layers),
            )
        return self._descents[lower, upper]

    def in_place_of(self, layer: keras.layers.Layer) -> keras.layers.Layer:
        """What is run in the place of a layer: the same, with no gradient for its weights."""
        if layer is self.model.layers[-1]:
            return self._linear
        if not isinstance(layer, keras.layers.Conv2D):
            return layer
        if layer not in self._convolutions:
            self._convolutions[layer] = _Convolution(layer)
        return self._convolutions[layer]

    @cached_property
    def open(self) -> Logits:
        """All of it up to the softmax's input, in which tf-keras-vis finds a layer by name."""
        return Logits(self.model.input, self._linear(self.model.layers[-1].input))

    def _part(self, starts: Sequence[str | None], end: str) -> keras.Model:
        """From what some layers give (float32) to what another does, without its softmax.

        There are no gradients for the weights of its convolutions.
        """
        picture = self.model.layers[0].name
        known = {
            start or picture: keras.Input(
                self.model.get_layer(start or picture).output.shape[1:], dtype="float32"
            )
            for start in starts
        }
        inputs = list(known.values())
        return keras.Model(inputs, self._run_to(end, known))

    def _run_to(self, end: str, known: dict[str, Any]) -> Any:
        return run_to(self.model, end, known, self.in_place_of)
