"""The network as a graph: which layer takes what from which, and parts of it built anew.

VGG19 is a chain. Its head need not be: it may look at several of VGG19's layers, and then what
lies above a layer does not depend on that layer alone.
"""

from collections.abc import Callable
from typing import Any

import keras

from core.model.architecture import VGG19_LAYERS


def sources(model: keras.Model) -> dict[str, tuple[str, ...]]:
    """The layers that each layer takes from, by name, in the order in which layers are run."""
    gives = {id(layer.output): layer.name for layer in model.layers}
    found = {}
    for layer in model.layers:
        enters = isinstance(layer, keras.layers.InputLayer)
        taken = [] if enters else keras.tree.flatten(layer.input)
        found[layer.name] = tuple(gives[id(tensor)] for tensor in taken)
    return found


def seen_by_head(model: keras.Model) -> tuple[str, ...]:
    """VGG19's layers that the head looks at, the lowest first."""
    taken = {
        source for name, own in sources(model).items() if name not in VGG19_LAYERS for source in own
    }
    return tuple(layer.name for layer in model.layers if layer.name in taken & set(VGG19_LAYERS))


def run_to(
    model: keras.Model,
    end: str,
    known: dict[str, Any],
    through: Callable[[keras.layers.Layer], Callable[[Any], Any]] = lambda layer: layer,
) -> Any:
    """What a layer gives, from what layers below it give.

    Args:
        model: A network as `core.model.vgg19.build_model` makes it.
        end: Name of the layer.
        known: By name of the layer, its output: numbers, or Keras' symbols to build a model of.
            Enough of them to tell the rest. What is run on the way is added.
        through: What to run in the place of a layer.

    Raises:
        KeyError: Too little is known.
    """
    taken = sources(model)

    def tell(name: str) -> Any:
        if name not in known:
            if not taken[name]:
                raise KeyError(f"{end} depends on {name}, which is not known")
            given = [tell(source) for source in taken[name]]
            known[name] = through(model.get_layer(name))(given[0] if len(given) == 1 else given)
        return known[name]

    return tell(end)
