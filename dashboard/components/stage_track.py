"""The five stages as drawings: what of VGG19 each of them trains."""

from core.config import Stage
from core.model.architecture import BLOCKS, convolutions
from core.reporting.figures import stage_colour
from dashboard.components import chart

FROZEN = {"dark": "#34414d", "light": "#c3ced6"}
WIDTH, GAP, BLOCK_GAP = 7.0, 2.5, 6.0
"""Of a bar that stands for a convolution, and between bars and blocks."""
TALLEST, STEP = 34.0, 5.5
"""Height of the bars of block 1; each block is lower, as its feature maps are smaller."""
HEAD = 20.0
EDGE = 3.0


def drawing(stage: Stage, colour: str | None = None) -> str:
    """VGG19 as an SVG: one bar a convolution, the head as a block; what trains is in colour.

    Args:
        stage: What it unfreezes is drawn in colour.
        colour: Hexadecimal; by default the stage's own.
    """
    look = chart.look()
    colour = colour or stage_colour(stage.name, look)
    bars, x = [], 0.0
    for block, _ in enumerate(BLOCKS, start=1):
        height = TALLEST - STEP * (block - 1)
        for layer in convolutions():
            if layer.block == block:
                fill = colour if stage.unfreezes(layer.name) else FROZEN[look]
                y = (TALLEST - height) / 2
                bars.append(_rectangle(x, y, WIDTH, height, 1.5, fill))
                x += WIDTH + GAP
        x += BLOCK_GAP - GAP
    bars.append(_rectangle(x + 2, (TALLEST - HEAD) / 2, HEAD, HEAD, 4, colour))
    width = x + 2 + HEAD + 2 * EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-EDGE:g} 0 {width:g} {TALLEST:g}" '
        f'width="{width:g}" height="{TALLEST:g}">{"".join(bars)}</svg>'
    )


def trains(stage: Stage) -> str:
    """What trains in this stage, in words."""
    layers = [layer for layer in convolutions() if stage.unfreezes(layer.name)]
    if not layers:
        return "the head"
    if len(layers) == len(convolutions()):
        return "all of VGG19"
    whole = [
        block
        for block, (count, _) in enumerate(BLOCKS, start=1)
        if sum(layer.block == block for layer in layers) == count
    ]
    if sum(BLOCKS[block - 1][0] for block in whole) == len(layers):
        names = " and ".join(map(str, whole))
        return f"block{'s' if len(whole) > 1 else ''} {names}, head"
    return f"{len(layers)} layers of block {layers[0].block}, head"


def _rectangle(x: float, y: float, width: float, height: float, radius: float, fill: str) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" '
        f'fill="{fill}"/>'
    )
