"""Writing that is burned into a picture, where it may name a person.

Letters beside a head are small bright things of one height that stand in a row. They are looked
for outside the largest bright thing, which is the head. How often that is right is measured in
docs/refusal.md. It is a warning: writing across the head, or by hand, is not found.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

STROKE = 48
"""Grey levels by which strokes stand out from what is around them."""
SMALLEST, LARGEST = 5, 64
"""Height of letters, pixels."""
LETTERS = 4
"""So many in a row are taken for writing."""
ALIKE = 1.6
"""Largest ratio of the heights of two letters of a row, capitals beside small ones."""
NEAR = 1.6
"""Largest gap between two letters of a row, in heights."""
LARGEST_SIDE = 1024
"""Larger pictures are looked at smaller."""


def has_lettering(pixels: NDArray[np.uint8]) -> bool:
    """Whether there seem to be letters beside the head.

    Args:
        pixels: uint8 RGB, (H, W, 3), any size.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    factor = LARGEST_SIDE / max(grey.shape)
    if factor < 1:
        height, width = (max(1, round(side * factor)) for side in grey.shape)
        grey = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.median(edge) > 127:  # dark on a bright ground
        grey = 255 - grey
    return _longest_row(_letters(grey)) >= LETTERS


def _letters(grey: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Boxes (left, top, width, height) of what could be a letter, outside the head."""
    # Strokes are thinner than a letter is high: an opening wipes them out, and leaves the rest.
    side = max(3, round(min(grey.shape) / 40) | 1)
    ground = cv2.morphologyEx(grey, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    strokes = (cv2.subtract(grey, ground) > STROKE).astype(np.uint8)
    _, _, heads, _ = cv2.connectedComponentsWithStats((ground > 24).astype(np.uint8))
    if len(heads) > 1:
        left, top, width, height, _ = heads[1 + np.argmax(heads[1:, cv2.CC_STAT_AREA])]
        centre = (left + width / 2, top + height / 2)
        cv2.ellipse(strokes, (centre, (0.98 * width, 0.98 * height), 0), 0, -1)
    _, _, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    boxes, area = stats[1:, :4], stats[1:, cv2.CC_STAT_AREA]
    width, height = boxes[:, 2], boxes[:, 3]
    full = area / np.maximum(width * height, 1)
    fits = (height >= SMALLEST) & (height <= LARGEST) & (width <= 2 * height) & (full > 0.15)
    found: NDArray[np.int32] = boxes[fits]
    return found


def _longest_row(boxes: NDArray[np.int32]) -> int:
    """How many letters the longest row of them has; no more than `LETTERS` are counted.

    A letter goes on with the first row that it follows. Rows are kept as arrays, for noise has
    thousands of them.
    """
    boxes = boxes[np.argsort(boxes[:, 0], kind="stable")][:2000]
    counts = np.zeros(len(boxes), np.int64)
    lasts = np.zeros_like(boxes)
    rows = 0
    for box in boxes:
        follows = _follow(lasts[:rows], box)
        place = int(follows.argmax()) if follows.any() else rows
        rows = max(rows, place + 1)
        counts[place] += 1
        lasts[place] = box
        if counts[place] >= LETTERS:
            break
    return int(counts.max(initial=0))


def _follow(lasts: NDArray[np.int32], box: NDArray[np.int32]) -> NDArray[np.bool_]:
    """After which last letters (n, 4) of rows a letter stands: level, alike, and near."""
    left, top, width, height = lasts.T
    higher, lower = np.maximum(height, box[3]), np.minimum(height, box[3])
    gap = box[0] - (left + width)
    found: NDArray[np.bool_] = (
        (higher <= ALIKE * lower)
        & (np.abs((top + height) - (box[1] + box[3])) <= 0.35 * higher)
        & (-0.3 * higher <= gap)
        & (gap <= NEAR * higher)
    )
    return found
