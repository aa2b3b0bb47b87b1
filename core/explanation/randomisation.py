"""The sanity check of maps: do they change when the network forgets what it has learned?

Adebayo et al. (2018), "Sanity checks for saliency maps", section 3.1. A map that stays the
same when weights are replaced by random ones shows the picture, not the network. Layers forget
from the output downwards, as in the paper's cascade: first the head, then block 5 as well.
What lies below has been computed already, so that the check costs no whole forward pass.
"""

from collections.abc import Callable, Mapping

import keras
import numpy as np

from core.explanation.evidence import rank_correlation
from core.explanation.maps import Look
from core.explanation.network import Network
from core.model.graph import run_to, sources

SEEDS = 3
"""Random networks of each kind; what their maps have in common with the map is averaged."""

CASCADE = {"the head": (), "the head and block 5": ("block5",)}
"""Beginnings of the names of VGG19's layers that forget with the head."""


def similarity(
    look: Look, method: str, progress: Callable[[int, int], None] | None = None
) -> Mapping[str, float | None]:
    """Rank correlation of a map with the maps of networks that have forgotten.

    Args:
        look: The network before one picture.
        method: The one whose map is checked; a name in `core.explanation.methods.METHODS`.
        progress: Called with random networks tried and to be tried.

    Returns:
        By the layers that forgot, the mean over `SEEDS` networks; none where all their maps
        are the same everywhere, as an empty one is.
    """
    map = look.maps(method).maps[0]
    found: dict[str, float | None] = {}
    tried = 0
    for layers, names in CASCADE.items():
        values = []
        for seed in range(SEEDS):
            network = Network(forgetful(look.network.model, names, seed))
            values.append(rank_correlation(map, look.of(network).maps(method).maps[0]))
            tried += 1
            if progress:
                progress(tried, SEEDS * len(CASCADE))
        known = [value for value in values if value is not None]
        found[layers] = float(np.mean(known)) if known else None
    return found


def forgetful(model: keras.Model, layers: tuple[str, ...], seed: int) -> keras.Model:
    """The same network with random weights (He et al. 2015) in its head and some layers.

    Args:
        model: A flat network as `core.model.vgg19.build_model` makes it; left as it is.
        layers: Beginnings of the names of layers that forget. They must be its highest, as all
            that lies below the lowest of them is shared with the model.
        seed: Of the weights.
    """
    forgets = {
        layer.name
        for layer in model.layers
        if isinstance(layer, keras.layers.Dense)
        or (bool(layers) and layer.name.startswith(layers) and bool(layer.weights))
    }
    numbers = {layer.name: number for number, layer in enumerate(model.layers)}
    changed = _above(model, forgets)
    known = {each.name: each.output for each in model.layers if each.name not in changed}

    def anew(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if layer.name in forgets:
            start = keras.initializers.HeNormal(seed + 1000 * numbers[layer.name])
            config["kernel_initializer"] = start
        return type(layer).from_config(config)

    other = keras.Model(model.input, run_to(model, model.layers[-1].name, known, anew))
    for name in changed - forgets:
        other.get_layer(name).set_weights(model.get_layer(name).get_weights())
    return other


def _above(model: keras.Model, names: set[str]) -> set[str]:
    """These layers and all that take from them, directly or not."""
    found = set(names)
    for name, taken in sources(model).items():
        if found.intersection(taken):
            found.add(name)
    return found
