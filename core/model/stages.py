"""What a stage trains, and the network cut in two below it."""

from collections.abc import Sequence

import keras

from core.config import Head, Stage
from core.model.architecture import VGG19_LAYERS, convolutions
from core.model.graph import run_to


def apply_stage(model: keras.Model, stage: Stage) -> None:
    """Freeze and unfreeze: the head always trains, of VGG19 what the stage names.

    The model must be compiled again before it trains.
    """
    for layer in model.layers:
        layer.trainable = layer.name not in VGG19_LAYERS or stage.unfreezes(layer.name)


def cuts_of(stage: Stage, head: Head) -> tuple[str, ...]:
    """The frozen layers whose outputs enter what trains, the lowest first.

    The last of them enters the first convolution that trains, or the head; the others lie
    further down and are looked at by the head.

    Returns:
        Names of layers; none when the first convolution trains: then nothing is frozen.
    """
    layers = convolutions()
    first = next((i for i, c in enumerate(layers) if stage.unfreezes(c.name)), None)
    if first == 0:
        return ()
    frozen = (
        VGG19_LAYERS if first is None else VGG19_LAYERS[: VGG19_LAYERS.index(layers[first].name)]
    )
    seen = [layer for layer in frozen if layer in head.layers]
    return tuple(seen if first is None else dict.fromkeys([*seen, frozen[-1]]))


def prefix_model(model: keras.Model, cuts: Sequence[str]) -> keras.Model:
    """The frozen part: pictures in, a dictionary with the output of each named layer out."""
    return keras.Model(model.input, {cut: model.get_layer(cut).output for cut in cuts})


def tail_model(model: keras.Model, cuts: Sequence[str]) -> keras.Model:
    """The part above the cuts, on the same layer objects: what trains in one trains in both.

    It is another model even where it is all of it, so that compiling it leaves the full model as
    it is, to be saved without what an optimiser knows.

    Args:
        model: The full model.
        cuts: As `cuts_of` gives them. The tail takes their outputs, as a list in this order
            where there are several, and pictures where there are none.
    """
    if not cuts:
        return keras.Model(model.input, model.output, name="tail_from_pictures")
    starts = {
        cut: keras.Input(model.get_layer(cut).output.shape[1:], name=f"after_{cut}") for cut in cuts
    }
    end = run_to(model, model.layers[-1].name, dict(starts))
    inputs = list(starts.values())
    return keras.Model(inputs if len(cuts) > 1 else inputs[0], end, name=f"tail_after_{cuts[-1]}")
