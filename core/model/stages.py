"""What a stage trains, and the network cut in two at its first trainable layer."""

import keras

from core.config import Stage
from core.model.architecture import LAST_LAYER, convolutions

VGG19_LAYERS = frozenset(
    [c.name for c in convolutions()] + [f"block{block}_pool" for block in range(1, 6)]
)


def apply_stage(model: keras.Model, stage: Stage) -> None:
    """Freeze and unfreeze: the head always trains, of VGG19 what the stage names.

    The model must be compiled again before it trains.
    """
    for layer in model.layers:
        layer.trainable = layer.name not in VGG19_LAYERS or stage.unfreezes(layer.name)


def cut_of(stage: Stage) -> str | None:
    """Name of the last frozen layer, whose output enters the first that trains.

    None when the first convolution trains: then nothing is frozen.
    """
    layers = convolutions()
    first = next((i for i, c in enumerate(layers) if stage.unfreezes(c.name)), None)
    if first is None:
        return LAST_LAYER
    if first == 0:
        return None
    before = layers[first - 1]
    # Between two blocks the pooling is frozen as well, and its output four times smaller.
    return before.name if before.block == layers[first].block else f"block{before.block}_pool"


def prefix_model(model: keras.Model, cuts: list[str]) -> keras.Model:
    """The frozen part: pictures in, a dictionary with the output of each named layer out."""
    return keras.Model(model.input, {cut: model.get_layer(cut).output for cut in cuts})


def tail_model(model: keras.Model, cut: str | None) -> keras.Model:
    """The part above `cut`, on the same layer objects: what trains in one trains in both.

    It is another model even where it is all of it, so that compiling it leaves the full model as
    it is, to be saved without what an optimiser knows.
    """
    if cut is None:
        return keras.Model(model.input, model.output, name="tail_from_pictures")
    above = model.layers[model.layers.index(model.get_layer(cut)) + 1 :]
    start = keras.Input(model.get_layer(cut).output.shape[1:], name=f"after_{cut}")
    x = start
    for layer in above:
        x = layer(x)
    return keras.Model(start, x, name=f"tail_after_{cut}")
