"""VGG19 in numbers: what a stage trains and what it costs, told without TensorFlow.

Pages and reports ask these questions long before a model is built. The layer table is
configuration E of Simonyan & Zisserman (2014), table 1; a test holds it against Keras.
"""

from dataclasses import dataclass

from core.config import Protocol, Stage

BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
CLASSES = 2
LAST_LAYER = "block5_pool"


@dataclass(frozen=True)
class Convolution:
    """One 3 x 3 convolution of VGG19."""

    name: str
    block: int
    inputs: int
    filters: int

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return 9 * self.inputs * self.filters + self.filters

    def operations(self, size: int) -> int:
        """Multiplications for one picture of `size` x `size` pixels."""
        side = size >> (self.block - 1)
        return 9 * self.inputs * self.filters * side * side


def convolutions() -> tuple[Convolution, ...]:
    """The sixteen convolutions, from the picture upwards."""
    layers = []
    inputs = 3
    for block, (count, filters) in enumerate(BLOCKS, start=1):
        for number in range(1, count + 1):
            layers.append(Convolution(f"block{block}_conv{number}", block, inputs, filters))
            inputs = filters
    return tuple(layers)


def _layers() -> tuple[str, ...]:
    names: list[str] = []
    for layer in convolutions():
        if names and layer.block != int(names[-1][len("block")]):
            names.append(f"block{layer.block - 1}_pool")
        names.append(layer.name)
    return (*names, LAST_LAYER)


VGG19_LAYERS = _layers()
"""Convolutions and poolings by their Keras names, from the picture upwards."""


def head_parameters(protocol: Protocol) -> int:
    """Weights and biases of the classifier on top."""
    width = sum(_seen_width(name, protocol) for name in protocol.head.layers)
    total = 0
    for units in (*protocol.head.units, CLASSES):
        total += width * units + units
        width = units
    return total


def _seen_width(layer: str, protocol: Protocol) -> int:
    """How many numbers the head makes of what a layer gives."""
    block = int(layer[len("block")])
    channels = BLOCKS[block - 1][1]
    side = protocol.input.size >> (block if layer.endswith("pool") else block - 1)
    kept = {"flatten": side * side, "average": 1, "symmetry": 3}
    return channels * kept[protocol.head.pooling]


def trainable_parameters(protocol: Protocol, stage: Stage) -> int:
    """Weights and biases that train in this stage, the head included."""
    unfrozen = sum(c.parameters for c in convolutions() if stage.unfreezes(c.name))
    return unfrozen + head_parameters(protocol)


def in_short(parameters: int) -> str:
    """`22.1 M`, `7.68 k`, `514`."""
    if parameters >= 1_000_000:
        return f"{parameters / 1e6:.1f} M"
    return f"{parameters / 1e3:.3g} k" if parameters >= 1000 else str(parameters)


def training_operations(protocol: Protocol, stage: Stage) -> int:
    """Multiplications to train on one picture once, its frozen prefix being cached.

    A backward pass costs about two forward passes, hence the factor of three.
    """
    size = protocol.input.size
    tail = sum(c.operations(size) for c in convolutions() if stage.unfreezes(c.name))
    return 3 * (tail + head_parameters(protocol))


def forward_operations(size: int) -> int:
    """Multiplications of one pass through all convolutions."""
    return sum(c.operations(size) for c in convolutions())
