"""The training loop of one stage: batches, an epoch, a validation, and word to the listeners.

Randomness is drawn afresh for each epoch from (seed, stage, epoch), so that an epoch is the
same whether the process has run from the start or was resumed before it.
"""

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.config import Scaling, Stage
from core.imaging.preprocessing import scale
from core.model.architecture import CLASSES
from core.training.callbacks import Callback, Epoch

Float32 = NDArray[np.float32]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class StageData:
    """What a stage's network is fed.

    Attributes:
        inputs: uint8 pictures (n, size, size, 3), or cached float32 activations (n, …) of each
            layer whose output the network takes.
        positive: bool (n,), whether the picture is of the positive class.
        train: Rows to train on.
        validation: Rows to validate on.
        scaling: How pictures are scaled; activations need none.
        label_smoothing: Share of the label that is spread over both classes, in training.
        balanced: Whether rare pictures weigh more, so that both classes count the same.
    """

    inputs: tuple[NDArray[np.generic], ...]
    positive: NDArray[np.bool_]
    train: Rows
    validation: Rows
    scaling: Scaling
    label_smoothing: float = 0.0
    balanced: bool = False

    def batch(self, rows: Rows) -> Float32 | list[Float32]:
        """Network input for these rows; a list where it takes several."""
        chosen = [np.asarray(each[rows]) for each in self.inputs]
        fed = [scale(each, self.scaling) if each.dtype == np.uint8 else each for each in chosen]
        return fed if len(fed) > 1 else fed[0]

    def targets(self, rows: Rows) -> Float32:
        """One-hot labels for these rows, smoothed (Szegedy et al. 2016), (n, 2)."""
        hot = np.stack([~self.positive[rows], self.positive[rows]], axis=1).astype(np.float32)
        return hot * np.float32(1 - self.label_smoothing) + np.float32(self.label_smoothing / 2)

    def weights(self, rows: Rows) -> Float32 | None:
        """Weight of each of these pictures, (n,), 1 on average over the training rows."""
        if not self.balanced:
            return None
        share = self.positive[self.train].mean()
        weights: Float32 = np.where(self.positive[rows], 0.5 / share, 0.5 / (1 - share))
        return weights.astype(np.float32)


def compile_for(model: keras.Model, stage: Stage) -> None:
    """Fresh optimizer, loss and metrics: needed whenever what trains has changed."""
    model.compile(
        optimizer=keras.optimizers.Adam(stage.learning_rate),
        loss="categorical_crossentropy",
        metrics=["accuracy", cross_entropy],
    )
    model.optimizer.build(model.trainable_variables)


def cross_entropy(targets: Any, probabilities: Any) -> Any:
    """Cross-entropy of pictures (n,) with their own class, as validation is scored.

    What is minimised may have smoothed labels and weights; on one axis with validation it would
    be another measure.
    """
    own = keras.ops.one_hot(keras.ops.argmax(targets, axis=-1), CLASSES)
    return keras.losses.categorical_crossentropy(own, probabilities)


def fit(
    model: keras.Model,
    data: StageData,
    stage: Stage,
    callbacks: Sequence[Callback],
    *,
    batch_size: int,
    seed: int,
    first_epoch: int = 1,
) -> None:
    """Train one stage, until its last epoch or until a callback wants to stop.

    Args:
        model: Compiled network (`compile_for`) whose input is `data.inputs`.
        data: Inputs, labels and rows.
        stage: Number of epochs and steps.
        callbacks: Told of each batch and epoch, in this order; what they raise ends training.
        batch_size: Pictures a step.
        seed: Of the order of pictures and of dropout.
        first_epoch: Above 1 to go on after a checkpoint.
    """
    for number in range(first_epoch, stage.epochs + 1):
        started = time.perf_counter()
        source = (seed, zlib.crc32(stage.name.encode()), number)
        _seed_dropout(model, source)
        learning_rate = float(model.optimizer.learning_rate)
        batches = list(_batches(data.train, batch_size, stage.steps_per_epoch, source))
        # Keras forgets its metrics before each `train_on_batch`: the epoch's are summed here.
        summed = {"cross_entropy": 0.0, "accuracy": 0.0}
        for step, rows in enumerate(batches, start=1):
            logs = model.train_on_batch(
                data.batch(rows), data.targets(rows), data.weights(rows), return_dict=True
            )
            summed = {name: total + float(logs[name]) * len(rows) for name, total in summed.items()}
            for callback in callbacks:
                callback.on_batch_end(number, step, len(batches), len(rows))
        pictures = sum(map(len, batches))
        probabilities = predict(model, data, data.validation, batch_size=batch_size)
        loss, accuracy = _score(probabilities, data.positive[data.validation])
        epoch = Epoch(
            epoch=number,
            loss=summed["cross_entropy"] / pictures,
            accuracy=summed["accuracy"] / pictures,
            validation_loss=loss,
            validation_accuracy=accuracy,
            learning_rate=learning_rate,
            seconds=time.perf_counter() - started,
        )
        for callback in callbacks:
            callback.on_epoch_end(model, epoch)
        if any(callback.wants_to_stop for callback in callbacks):
            break


def predict(
    model: keras.Model,
    data: StageData,
    rows: Rows,
    *,
    batch_size: int,
    each_batch: Callable[[int, int], None] | None = None,
) -> NDArray[np.float64]:
    """Probability of the positive class for these rows, (n,), the pictures as they are."""
    found = []
    for start in range(0, len(rows), batch_size):
        chosen = rows[start : start + batch_size]
        found.append(keras.ops.convert_to_numpy(model.predict_on_batch(data.batch(chosen)))[:, 1])
        if each_batch:
            each_batch(start + len(chosen), len(rows))
    return np.concatenate(found).astype(np.float64) if found else np.empty(0)


def _batches(rows: Rows, size: int, steps: int | None, source: tuple[int, ...]) -> Iterator[Rows]:
    """The rows in random order, in batches; with `steps`, only that many batches of them."""
    order = np.random.default_rng(source).permutation(rows)
    count = -(-len(order) // size)
    for step in range(min(count, steps or count)):
        # Sorted within the batch: memory-mapped activations are read in one sweep.
        yield np.sort(order[step * size : (step + 1) * size])


def _seed_dropout(model: keras.Model, source: tuple[int, ...]) -> None:
    state = np.random.SeedSequence(source).generate_state(2)
    for layer in model.layers:
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            generator.state.assign(state)


def _score(probability: NDArray[np.float64], positive: NDArray[np.bool_]) -> tuple[float, float]:
    """Mean cross-entropy and accuracy."""
    given = np.clip(np.where(positive, probability, 1 - probability), 1e-7, 1.0)
    return float(-np.log(given).mean()), float(((probability >= 0.5) == positive).mean())
