"""Deletion and insertion: does what is hot matter to the answer?

Petsiuk, Das & Saenko (2018), "RISE: Randomized input sampling for explanation of black-box
models", section 4.3. Deletion takes the hottest parts out of a picture first; the sooner the
probability falls, the better the map knew. Insertion puts them first into an empty picture.

Three things are done otherwise than in the paper. What is empty has the picture's mean colour
in both curves, as that is where a network knows least: in one demonstration run the median
probability of the positive class was 0.58 for an even picture, and 0.98 to 1.00 for one blurred
by 3, 5 or 10 % of its side, whichever class it was of. Parts are square cells instead of
pixels, for a random order of pixels is a fine sprinkle that disturbs a network far more than
the same share in one place, and would be no fair comparison. And the random orders are
measured, as the area under a curve means little alone.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from core.explanation.evidence import Curves

Float32 = NDArray[np.float32]
Predict = Callable[[Float32], Float32]
"""Takes pictures, float32 (n, S, S, 3); gives softmax probabilities, (n, 2)."""

CELLS = 15
"""Parts a side: those of VGG19's last convolution at 240 pixels."""

STEPS = 10
"""Points of a curve after the first."""

ORDERS = 5
"""Random orders to compare with. One by one each has a chance of 1 in 6 to be the best of all
with a map that knows nothing."""

BATCH = 8


def curves(
    map: Float32,
    picture: Float32,
    target: int,
    predict: Predict,
    progress: Callable[[int, int], None] | None = None,
) -> Curves:
    """Deletion and insertion of a map, and of random orders.

    Args:
        map: float32 (S, S), at least 0.
        picture: Network input, float32 (S, S, 3).
        target: The class that the map explains, 0 or 1.
        predict: The network.
        progress: Called with pictures asked and pictures in all, some 110.
    """
    size = len(picture)
    empty = np.broadcast_to(picture.mean(axis=(0, 1)), picture.shape)
    rng = np.random.default_rng(0)
    heat = cv2.resize(map, (CELLS, CELLS), interpolation=cv2.INTER_AREA).ravel()
    # Cells without any heat come in random order, not row by row.
    ranks = [_ranks(heat, rng), *(rng.permutation(heat.size) for _ in range(ORDERS))]
    share = np.linspace(0, 1, STEPS + 1)
    inner = np.round(share[1:-1] * heat.size)
    # 1 where a cell is among the first; (orders, steps, S, S).
    masks = [[_enlarge(rank < count, size) for count in inner] for rank in ranks]
    pictures = [picture, empty]
    for first in (m[..., None] for order in masks for m in order):
        pictures += [np.where(first, empty, picture), np.where(first, picture, empty)]
    found = []
    for start in range(0, len(pictures), BATCH):
        found.append(predict(np.stack(pictures[start : start + BATCH]))[:, target])
        if progress:
            progress(min(start + BATCH, len(pictures)), len(pictures))
    whole, none, *rest = np.concatenate(found).astype(float)
    between = np.reshape(rest, (ORDERS + 1, STEPS - 1, 2))
    ends = np.ones((ORDERS + 1, 1))
    deletion = np.hstack([whole * ends, between[..., 0], none * ends])
    insertion = np.hstack([none * ends, between[..., 1], whole * ends])
    deletion_areas = np.trapezoid(deletion, share, axis=1)
    insertion_areas = np.trapezoid(insertion, share, axis=1)
    return Curves(
        share=tuple(share.tolist()),
        deletion=tuple(deletion[0].tolist()),
        insertion=tuple(insertion[0].tolist()),
        deletion_area=float(deletion_areas[0]),
        insertion_area=float(insertion_areas[0]),
        random_deletion_areas=tuple(deletion_areas[1:].tolist()),
        random_insertion_areas=tuple(insertion_areas[1:].tolist()),
    )


def _ranks(heat: Float32, rng: np.random.Generator) -> NDArray[np.intp]:
    """The place of each cell in an order from hot to cold, ties at random."""
    order = np.lexsort((rng.random(heat.size), -heat))
    ranks = np.empty(heat.size, np.intp)
    ranks[order] = np.arange(heat.size)
    return ranks


def _enlarge(first: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    cells = first.reshape(CELLS, CELLS).astype(np.uint8)
    enlarged = cv2.resize(cells, (size, size), interpolation=cv2.INTER_NEAREST)
    return np.asarray(enlarged, bool)
