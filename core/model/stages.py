"""What a stage trains, and the network cut in two below it."""

from collections.abc import Sequence

import keras

from core.config import Head, Stage
from core.model.architecture import VGG19_LAYERS, convolutions
from core.model.graph import run_to

AVERAGED = ":average"


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


def average_of(layer: str) -> str:
    """The cut that gives, of a layer's output, the average of each channel alone."""
    return f"{layer}{AVERAGED}"


def layer_of(cut: str) -> str:
    """The layer that a cut is behind."""
    return cut.removesuffix(AVERAGED)


def cut_shape(model: keras.Model, cut: str) -> tuple[int, ...]:
    """The shape of what a cut gives of one picture."""
    shape = model.get_layer(layer_of(cut)).output.shape[1:]
    return tuple(shape[-1:] if cut.endswith(AVERAGED) else shape)


def prefix_model(model: keras.Model, cuts: Sequence[str]) -> keras.Model:
    """The frozen part: pictures in, a dictionary with what each cut gives out."""
    outputs = {cut: model.get_layer(layer_of(cut)).output for cut in cuts}
    for cut in cuts:
        if cut.endswith(AVERAGED):
            outputs[cut] = keras.layers.GlobalAveragePooling2D(dtype="float32")(outputs[cut])
    return keras.Model(model.input, outputs)


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
