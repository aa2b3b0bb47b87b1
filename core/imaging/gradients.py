"""Histograms of oriented gradients: outlines and texture of a picture as one vector."""

import numpy as np
from numpy.typing import NDArray

ORIENTATIONS = 9
CELL = 8
BLOCK = 2
LARGEST = 0.2
"""No single direction counts for more within a block (clipping of L2-Hys)."""


def oriented_gradients(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Descriptor of Dalal & Triggs (2005), "Histograms of oriented gradients for human detection".

    Unsigned gradients vote with their magnitude for one of nine directions in cells of 8 x 8
    pixels; every 2 x 2 cells are a block, normalised by L2-Hys. Votes are not spread over
    neighbouring cells, as in scikit-image.

    Args:
        grey: uint8 (H, W), at least 16 pixels either way; what exceeds whole cells is left out.

    Returns:
        float32 (n,), 0 to 1: blocks row by row, cells within each, directions within those.
    """
    levels = grey.astype(np.float32)
    across, down = np.zeros_like(levels), np.zeros_like(levels)
    across[:, 1:-1] = levels[:, 2:] - levels[:, :-2]
    down[1:-1] = levels[2:] - levels[:-2]
    direction = np.rad2deg(np.arctan2(down, across)) % 180
    which = (direction * (ORIENTATIONS / 180)).astype(np.intp) % ORIENTATIONS
    votes = np.zeros((*levels.shape, ORIENTATIONS), np.float32)
    np.put_along_axis(votes, which[..., None], np.hypot(across, down)[..., None], axis=2)
    rows, columns = levels.shape[0] // CELL, levels.shape[1] // CELL
    whole = votes[: rows * CELL, : columns * CELL]
    cells = whole.reshape(rows, CELL, columns, CELL, ORIENTATIONS).mean(axis=(1, 3))
    blocks = np.lib.stride_tricks.sliding_window_view(cells, (BLOCK, BLOCK), axis=(0, 1))
    flat = np.moveaxis(blocks, 2, -1).reshape(rows - BLOCK + 1, columns - BLOCK + 1, -1)
    return _unit(np.minimum(_unit(flat), LARGEST)).ravel()


def _unit(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + np.float32(1e-5) ** 2)
    scaled: NDArray[np.float32] = blocks / length
    return scaled
