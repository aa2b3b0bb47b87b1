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
        grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
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
    """How many letters the longest row of them has."""
    longest = 0
    boxes = boxes[np.argsort(boxes[:, 0], kind="stable")][:2000]
    rows: list[tuple[int, NDArray[np.int32]]] = []
    for box in boxes:
        for place, (count, last) in enumerate(rows):
            if _follows(last, box):
                rows[place] = (count + 1, box)
                break
        else:
            rows.append((1, box))
        longest = max(longest, *(count for count, _ in rows[-1:]), 0)
    return max([longest, *(count for count, _ in rows)])


def _follows(last: NDArray[np.int32], box: NDArray[np.int32]) -> bool:
    """Whether a letter stands in the same row as another, to the right of it and near."""
    height = max(last[3], box[3])
    alike = height <= ALIKE * min(last[3], box[3])
    gap = box[0] - (last[0] + last[2])
    level = abs((last[1] + last[3]) - (box[1] + box[3])) <= 0.35 * height
    return bool(alike and level and -0.3 * height <= gap <= NEAR * height)
