"""What decides the output of VGG19's layers, in short: whether it is the same can be looked up."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from core.model.architecture import LAST_LAYER, VGG19_LAYERS

if TYPE_CHECKING:
    import keras


def layer_digests(model: "keras.Model", last: str = LAST_LAYER) -> dict[str, str]:
    """For each layer of VGG19 a digest of what it makes of a picture: of itself and those below.

    Equal digests mean equal weights, byte for byte, computed in equal precision.

    Args:
        model: A network as `core.model.vgg19.build_model` makes it.
        last: The highest layer that is asked for.

    Returns:
        SHA-256 by name of the layer, from the lowest up to `last`.
    """
    content = hashlib.sha256()
    found = {}
    for name in VGG19_LAYERS[: VGG19_LAYERS.index(last) + 1]:
        layer = model.get_layer(name)
        content.update(f"{name} {layer.dtype_policy.name}".encode())
        for weight in layer.get_weights():
            content.update(np.ascontiguousarray(weight).data)
        found[name] = content.hexdigest()
    return found
