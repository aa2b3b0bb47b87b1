"""What a map explains: the softmax's input for one class."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tf_keras_vis.utils.scores import Score

PREDICTED = -1
"""In the place of a class: the one that is predicted."""


class ClassScore(Score):
    """The softmax's input for one class: what a map explains.

    It keeps the answer to the whole batch, so that the network need not run again for it. Its
    own value is always 0, with the true gradient: Grad-CAM++ weighs by the exponential of the
    value, which overflows for a confident network and is a mere factor otherwise.

    Args:
        target: 0, 1, `PREDICTED`, or one of them for each picture, (n,).

    Attributes:
        probabilities: The network's answer, float32 (n, 2), once called.
        target: The class explained, (n,), once called.
    """

    def __init__(self, target: int | NDArray[np.int64] | tf.Tensor) -> None:
        super().__init__("ClassScore")
        self._wanted = target

    def __call__(self, output: Any) -> Any:
        """Take the network's answer (n, 2); give the score of each picture, (n,)."""
        self.probabilities = tf.nn.softmax(output)
        predicted = tf.cast(self.probabilities[:, 1] >= 0.5, tf.int64)
        wanted = tf.cast(self._wanted, tf.int64)
        self.target = tf.where(wanted == PREDICTED, predicted, wanted)
        # Not gathered: in a batch the gradient of that costs as much as a convolution.
        chosen = tf.reduce_sum(output * tf.one_hot(self.target, 2, dtype=output.dtype), axis=1)
        return chosen - tf.stop_gradient(chosen)
