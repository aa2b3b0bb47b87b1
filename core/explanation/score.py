"""What a map explains: the softmax's input for one class."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tf_keras_vis.utils.scores import Score


class ClassScore(Score):
    """The softmax's input for one class: what a map explains.

    It keeps the answer to the whole batch, so that the network need not run again for it. Its
    own value is always 0, with the true gradient: Grad-CAM++ weighs by the exponential of the
    value, which overflows for a confident network and is a mere factor otherwise.

    Args:
        target: 0, 1, one of them for each picture, or none for the predicted classes.

    Attributes:
        probabilities: The network's answer, float32 (n, 2), once called.
        target: The class explained, (n,), once called.
    """

    def __init__(self, target: int | NDArray[np.int64] | None) -> None:
        super().__init__("ClassScore")
        self._wanted = target

    def __call__(self, output: Any) -> Any:
        """Take the network's answer (n, 2); give the score of each picture, (n,)."""
        self.probabilities = tf.nn.softmax(output)
        if self._wanted is None:
            self.target = tf.cast(self.probabilities[:, 1] >= 0.5, tf.int64)
        else:
            wanted = tf.constant(self._wanted, tf.int64)
            self.target = tf.broadcast_to(wanted, tf.shape(output)[:1])
        chosen = tf.gather(output, self.target, axis=1, batch_dims=1)
        return chosen - tf.stop_gradient(chosen)
