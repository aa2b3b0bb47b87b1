"""One scan before the networks of several stages, with what they have in common run once.

A stage trains only some of the layers, and starts from the stage before: what was frozen in
both has the same weights and gives the same output. This is looked at, not assumed: layers are
shared when all weights up to them are equal, byte for byte.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.explanation.maps import Look, Maps
from core.explanation.methods import method as method_named
from core.explanation.network import Network
from core.model.architecture import VGG19_LAYERS
from core.model.digests import layer_digests

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Step:
    """One layer to run: on what comes out of the step `below` (none for the pictures)."""

    key: str
    below: str | None
    layer: Any


class StageNetworks:
    """The networks of several stages, ready to explain a batch together.

    Args:
        models: By the name of the stage, networks of one architecture as
            `core.model.vgg19.build_model` makes it.

    Raises:
        SettingError: Keras does not run on TensorFlow.
    """

    def __init__(self, models: Mapping[str, keras.Model]) -> None:
        self._networks = {stage: Network(model) for stage, model in models.items()}
        self._keys = {stage: layer_digests(model) for stage, model in models.items()}
        self._traced: dict[str, Any] = {}

    def plan(self, layer: str) -> list[Step]:
        """The layers to run to have what `layer` gives in every stage, each only once."""
        steps: dict[str, Step] = {}
        for stage, network in self._networks.items():
            below = None
            for name in VGG19_LAYERS[: VGG19_LAYERS.index(layer) + 1]:
                key = self._keys[stage][name]
                steps.setdefault(key, Step(key, below, network.model.get_layer(name)))
                below = key
        return list(steps.values())

    def explain(self, batch: Float32, target: int | None, method: str) -> dict[str, Maps]:
        """The maps of a batch at every stage.

        Args:
            batch: Network input, float32 (n, S, S, 3).
            target: 0, 1, or none for what each stage predicts.
            method: A name in `core.explanation.methods.METHODS`. Slow ones are computed stage
                by stage, with nothing shared.
        """
        layer = method_named(method).layer
        found = self._activations(batch, layer) if layer else {}
        maps = {}
        for stage, network in self._networks.items():
            look = Look(network, batch, target)
            for name, activations in found.get(stage, {}).items():
                look.know(name, activations)
            maps[stage] = look.maps(method)
        return maps

    def _activations(self, batch: Float32, layer: str) -> dict[str, dict[str, Any]]:
        """What this layer gives at every stage, and what else the head sees below it."""
        if layer not in self._traced:
            some = next(iter(self._networks.values()))
            steps = self.plan(layer)
            wanted = (*some.sides(layer), layer)

            def run(pictures: Any) -> dict[str, dict[str, Any]]:
                known: dict[str | None, Any] = {None: pictures}
                for step in steps:
                    known[step.key] = some.in_place_of(step.layer)(known[step.below])
                return {
                    stage: {name: tf.cast(known[keys[name]], tf.float32) for name in wanted}
                    for stage, keys in self._keys.items()
                }

            self._traced[layer] = tf.function(
                run, input_signature=[tf.TensorSpec((None, some.size, some.size, 3), tf.float32)]
            )
        found: dict[str, dict[str, Any]] = self._traced[layer](batch)
        return found
