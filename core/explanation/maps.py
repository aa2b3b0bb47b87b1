"""Which parts of a picture speak for a class: maps by tf-keras-vis."""

from collections.abc import Callable, Mapping, Sequence
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
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.scorecam import Scorecam

from core.errors import SettingError
from core.explanation.methods import COARSE, DEFAULT, FINE, method
from core.explanation.network import ENTRANCE, Descent, Network
from core.explanation.score import PREDICTED, ClassScore
from core.model.architecture import VGG19_LAYERS

Float32 = NDArray[np.float32]

CHANNELS = 64
"""Channels of a layer that Score-CAM tries, those that vary most over the picture. All 512
would take eight times as long."""

NOISES = 20
"""Noisy copies that SmoothGrad averages; beyond some 50 nothing is gained (Smilkov et al.)."""

NOISE = 0.15
"""Their noise, as a share of the range of the picture's values; 0.1 to 0.2 (Smilkov et al.)."""

BATCH = 8

TINY = np.finfo(np.float32).tiny
"""Instead of the maximum of a map that is empty."""


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
    """A network, ready to explain its answers.

    Args:
        model: See `core.explanation.network.Network`.

    Raises:
        SettingError: Keras does not run on TensorFlow.
    """

    def __init__(self, model: keras.Model) -> None:
        self.network = Network(model)
        self.size = self.network.size

    def look(self, batch: Float32, target: int | None = None) -> "Look":
        """Show the network a batch, to make several maps of it with shared work.

        Args:
            batch: Network input, float32 (n, S, S, 3).
            target: The class to explain: 0 the negative, 1 the positive one, none the one that
                was predicted.

        Raises:
            SettingError: There is no such class.
        """
        if target not in (None, 0, 1):
            raise SettingError(
                "0 (the negative class), 1 (the positive class) or none (the predicted one)",
                f"{target} was given",
                "Choose one of the two classes.",
            )
        return Look(self.network, batch, target)

    def explain(self, batch: Float32, target: int | None = None, method: str = DEFAULT) -> Maps:
        """Explain the answer to each picture of a batch.

        Args:
            batch: As in `look`.
            target: As in `look`.
            method: A name in `core.explanation.methods.METHODS`.

        Returns:
            Maps and probabilities, from one pass through the network unless the method is slow.

        Raises:
            SettingError: There is no such class or method.
        """
        return self.look(batch, target).maps(method)

    def features(self, batch: Float32) -> Float32:
        """How the network sees each picture: the mean of each channel of its last convolution.

        Args:
            batch: As in `look`.

        Returns:
            float32 (n, channels).
        """
        activations = self.network.passage(None, COARSE)(batch)
        return np.asarray(tf.reduce_mean(activations, axis=(1, 2)), np.float32)


class Look:
    """One batch before the network. What has been computed of it is kept for the next map.

    Args:
        network: The network.
        batch: float32 (n, S, S, 3).
        target: One class for all; none for the predicted ones; or one for each picture, (n,).
    """

    def __init__(
        self, network: Network, batch: Float32, target: int | NDArray[np.int64] | None
    ) -> None:
        self.network = network
        self.batch = batch
        wanted = PREDICTED if target is None else target
        self._wanted = np.broadcast_to(np.int64(wanted), len(batch))
        self._activations: dict[str, Any] = {}
        self._score: ClassScore | None = None

    def activations(self, layer: str) -> Any:
        """What a layer gives, float32 (n, h, w, c), from the nearest layer already known."""
        if layer not in self._activations:
            height = VGG19_LAYERS.index
            # Not past a layer that the head sees: what it gives will be wanted as well.
            for side in self.network.sides(layer):
                self.activations(side)
            below = [known for known in self._activations if height(known) < height(layer)]
            start = max(below, key=height, default=None)
            given = self.batch if start is None else self._activations[start]
            self._activations[layer] = self.network.passage(start, layer)(given)
        return self._activations[layer]

    def logits(self, layer: str) -> Any:
        """The softmax's input, (n, 2), from what a layer gives."""
        return self.network.above(layer)(self.entering(layer))

    def entering(self, layer: str) -> list[Any]:
        """What the part of the network above a layer takes (see `Network.above`)."""
        return [self.activations(each) for each in (layer, *self.network.sides(layer))]

    def know(self, layer: str, activations: Any) -> None:
        """Take what a layer gives, float32 (n, h, w, c), from where it has been computed."""
        self._activations[layer] = activations

    def descend(self, lower: str, upper: str) -> Descent:
        """From a layer up to the answer and down again (see `Network.descent`)."""
        found = self.network.descent(lower, upper)(self._wanted, *self.entering(lower))
        self.know(upper, found.activations)
        self.score()(found.logits)
        return found

    def score(self) -> ClassScore:
        """What is explained. Once a map has called it, it knows the answer as well."""
        self._score = ClassScore(self._wanted)
        return self._score

    @property
    def answered(self) -> ClassScore:
        """The score of the last map; without one the network is asked for its answer."""
        if self._score is None:
            self.score()(self.logits(COARSE))
        return self._score  # type: ignore[return-value]

    def only(self, places: Sequence[int]) -> "Look":
        """The same look at some of the pictures, without computing again what is known of them.

        Args:
            places: Of the pictures in the batch, rising.
        """
        look = Look(self.network, self.batch[list(places)], self._wanted[list(places)])
        for layer, known in self._activations.items():
            look.know(layer, tf.gather(known, list(places)))
        return look

    def of(self, other: Network) -> "Look":
        """The same batch and target before a network that shares its lower layers with this.

        What is known of layers that are the same objects in both is not computed again.
        """
        look = Look(other, self.batch, self.answered.target.numpy())
        for layer, known in self._activations.items():
            if other.model.get_layer(layer) is self.network.model.get_layer(layer):
                look.know(layer, known)
        return look

    def cells(self, name: str) -> Float32:
        """The raw map of each picture by a method, float32 (n, h, w), at least 0.

        Raises:
            SettingError: There is no such method.
        """
        method(name)
        return MAKERS[name](self)

    def maps(self, name: str) -> Maps:
        """The maps by a method, enlarged over the pictures.

        Raises:
            SettingError: There is no such method.
        """
        cells = self.cells(name)
        return Maps(
            maps=np.stack([enlarge(cell, self.network.size) for cell in cells]),
            maximum=cells.max(axis=(1, 2)),
            target=self.answered.target.numpy(),
            probabilities=self.answered.probabilities.numpy(),
        )


Maker = Callable[[Look], Float32]
"""Takes a look; gives the raw map of each picture, (n, h, w). To add a method is to add one to
`MAKERS`, and to tell of it in `core.explanation.methods.METHODS`."""


def _class_activation(visualization: type[Gradcam], layer: str) -> Maker:
    """One of tf-keras-vis's gradient-based maps, neither expanded nor normalised."""

    def cells(look: Look) -> Float32:
        above = look.network.above(layer)
        found = visualization(above)(
            look.score(),
            look.entering(layer),
            penultimate_layer=above.get_layer(ENTRANCE),
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
        )
        return np.asarray(found, np.float32)

    return cells


def _mirrored(maker: Maker) -> Maker:
    """The mean of a map and of the mirrored picture's map, mirrored back.

    A head is nearly symmetric, so the mirrored picture is as good a scan as the other.
    """

    def cells(look: Look) -> Float32:
        straight = maker(look)
        target = look.answered.target.numpy()
        other = maker(Look(look.network, look.batch[:, :, ::-1], target))
        return np.asarray((straight + other[:, :, ::-1]) / 2, np.float32)

    return cells


def _fusion(look: Look) -> Float32:
    """HiResCAM at block 5 and at block 4, where Layer-CAM at block 4 agrees: warm where all are.

    HiResCAM (Draelos & Carin 2020) multiplies place by place where Grad-CAM first averages the
    gradient over the picture. Under a head that compares left with right that average is next
    to nothing: what one side gains the other loses. tf-keras-vis does not have it. Layer-CAM looks
    at what speaks for the class alone, and finds small things better. The geometric mean of
    HiResCAM at both blocks is weighed by Layer-CAM's share of its own maximum; all of it comes
    out of one way up and one way down between the two layers.
    """
    fine = look.activations(FINE)
    found = look.descend(FINE, COARSE)
    above, below = (
        tf.nn.relu(tf.reduce_sum(each * activations, axis=-1)).numpy()
        for each, activations in ((found.upper, found.activations), (found.lower, fine))
    )
    layer_cam = tf.reduce_sum(tf.nn.relu(found.lower) * fine, axis=-1).numpy()
    share = layer_cam / np.maximum(layer_cam.max(axis=(1, 2), keepdims=True), TINY)
    places = np.stack([enlarge(cell, below.shape[1]) for cell in above])
    return np.asarray(np.sqrt(places * below) * share, np.float32)


def _score_cam(look: Look) -> Float32:
    """Score-CAM: a channel weighs what the network says of the picture seen through it.

    As in the paper a weight is the increase over an empty picture, so that a channel may also
    speak against the class, and a map may be empty. Picture by picture, as tf-keras-vis pools
    the channels that it tries over a batch.
    """
    whole = look.network.open
    answer = look.answered
    blank = tf.nn.softmax(whole(np.zeros_like(look.batch[:1]), training=False))[0]
    maps = []
    for picture, target in zip(look.batch, answer.target.numpy(), strict=True):

        def increase(probabilities: Any, target: int = int(target)) -> Any:
            return probabilities[:, target] - blank[target]

        found = Scorecam(whole)(
            increase,
            picture[None],
            penultimate_layer=COARSE,
            seek_penultimate_conv_layer=False,
            batch_size=BATCH,
            max_N=CHANNELS,
            expand_cam=False,
            normalize_cam=False,
        )
        maps.append(np.asarray(found, np.float32)[0])
    return np.stack(maps)


def _smoothgrad(look: Look) -> Float32:
    """SmoothGrad: how much each pixel can move the score either way, mean of noisy copies.

    The noise is drawn here, by seed: tf-keras-vis takes NumPy's global state, and the same scan
    should have the same map. Unlike the others this map is never empty.
    """
    saliency = Saliency(look.network.above(None))
    answer = look.answered
    maps = []
    for picture, target in zip(look.batch, answer.target.numpy(), strict=True):
        rng = np.random.default_rng(0)
        total = np.zeros(picture.shape[:2], np.float32)
        for first in range(0, NOISES, BATCH):
            count = min(BATCH, NOISES - first)
            noise = rng.standard_normal((count, *picture.shape), np.float32)
            noisy = picture + np.float32(NOISE) * np.ptp(picture) * noise
            score = ClassScore(int(target))
            total += np.asarray(saliency(score, noisy, normalize_map=False)).sum(axis=0)
        maps.append(total / NOISES)
    return np.stack(maps)


_layer_cam_fine = _class_activation(Layercam, FINE)

MAKERS: Mapping[str, Maker] = {
    "grad-cam": _class_activation(Gradcam, COARSE),
    "grad-cam++": _class_activation(GradcamPlusPlus, COARSE),
    "layer-cam": _class_activation(Layercam, COARSE),
    "layer-cam-fine": _layer_cam_fine,
    "layer-cam-mirrored": _mirrored(_layer_cam_fine),
    "fusion": _fusion,
    "score-cam": _score_cam,
    "smoothgrad": _smoothgrad,
}


def enlarge(cells: Float32, size: int) -> Float32:
    """Spread a map of a layer's cells (h, w) bilinearly over its picture, (size, size).

    A cell covers 2, 4, 8 … pixels either way, one doubling for each pooling before it. Where
    that leaves a remainder the pooling dropped it: the last cells are repeated there.
    """
    rows, columns = cells.shape
    stride = 2 ** int(np.log2(size / rows))
    covered = cv2.resize(cells, (columns * stride, rows * stride), interpolation=cv2.INTER_LINEAR)
    return np.pad(covered, ((0, size - rows * stride), (0, size - columns * stride)), "edge")
