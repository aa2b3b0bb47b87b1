"""Layers of a head that compares left with right.

A brain is nearly its own mirror image, and most tumours lie on one side or push the middle
aside. Scanner, coil and window differ between hospitals, but little between the two halves of
one slice.
"""

from typing import Any

import keras


@keras.saving.register_keras_serializable("neurostage")
class Asymmetry(keras.layers.Layer):
    """How much each channel differs from its mirror image: (n, h, w, c) to (n, c).

    The mean over places of the absolute difference between a place and the one across from it,
    each averaged with its neighbours, since no head is symmetric to the cell. 0 for a picture
    that is its own mirror image.
    """

    def call(self, x: Any) -> Any:
        """The mean difference of each channel."""
        near = keras.ops.average_pool(x, 3, strides=1, padding="same")
        return keras.ops.mean(keras.ops.abs(near - keras.ops.flip(near, axis=2)), axis=(1, 2))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """One number a channel."""
        return (input_shape[0], input_shape[-1])


@keras.saving.register_keras_serializable("neurostage")
class Standardisation(keras.layers.Layer):
    """Features less their mean, by their spread: (n, d) to (n, d).

    Both are weights that do not train: 0 and 1 until `learn` has seen what there is to train on.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """One mean and one spread a feature."""
        shape = (input_shape[-1],)
        self.mean = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="mean")
        self.spread = self.add_weight(
            shape=shape, initializer="ones", trainable=False, name="spread"
        )

    def learn(self, features: Any) -> None:
        """Take mean and spread of features, float32 (n, d); what never varies keeps its size."""
        spread = features.std(axis=0)
        self.mean.assign(features.mean(axis=0))
        self.spread.assign(spread + (spread == 0))

    def call(self, x: Any) -> Any:
        """The features, each with mean 0 and spread 1 where it was learned."""
        return (x - self.mean) / self.spread
