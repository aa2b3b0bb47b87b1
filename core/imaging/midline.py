"""The midline of a head, and the turn that puts it upright in the middle of the picture.

A brain is nearly its own mirror image, so the midline is where a slice folds onto itself best
(Ardekani et al. 1997, "Automatic detection of the mid-sagittal plane in 3-D brain images", whose
cross-correlation is taken here in the plane of the slice). Heads lie turned by a few degrees in
most scanners; a network that compares left with right should not see that as a difference.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]

LARGEST_TURN = 20
"""Degrees either way. A head that is turned more was not meant to lie straight."""
TURN_STEP = 2
LARGEST_SHIFT = 0.08
"""Share of the width either way, by which the midline may be off the middle of the crop."""
SHIFT_STEP = 1 / 60
SEARCHED_SIDE = 60
"""Pixels of the longer side of the picture that is searched: enough for a head's outline, its
ventricles and the gap between its halves, not for a lesion to decide."""
COST_OF_A_DEGREE = 0.0005
"""Correlation that it has to gain: what is as good straight is left straight."""


@dataclass(frozen=True)
class Turn:
    """How to put a picture upright.

    Attributes:
        degrees: Anticlockwise, about the middle of the picture.
        shift: To the right after that, as a share of the picture's width.
    """

    degrees: float = 0.0
    shift: float = 0.0

    def apply(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Turn a picture, (H, W) or (H, W, 3); what comes in from outside is black."""
        return self._warp(pixels, cv2.INTER_LINEAR)

    def undo(self, map: Float32) -> Float32:
        """Lay a map of a turned picture, (H, W), over it as it was; 0 where nothing is known."""
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return self._warp(map, flags).astype(np.float32)

    def _warp(self, pixels: NDArray[np.generic], flags: int) -> NDArray[np.generic]:
        if self == STRAIGHT:
            return pixels
        height, width = pixels.shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), self.degrees, 1.0)
        matrix[0, 2] += self.shift * width
        warped: NDArray[np.generic] = cv2.warpAffine(
            np.ascontiguousarray(pixels), matrix, (width, height), flags=flags
        )
        return warped


STRAIGHT = Turn()
"""A head that is left as it lies."""


def find_midline(crop: UInt8) -> Turn:
    """The turn and shift after which a crop is most like its mirror image.

    Args:
        crop: uint8 RGB (H, W, 3), cropped to the head.
    """
    height, width = crop.shape[:2]
    longer = max(height, width)
    size = (
        max(2, round(SEARCHED_SIDE * width / longer)),
        max(2, round(SEARCHED_SIDE * height / longer)),
    )
    grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
    # Even in its levels, so that neither bright fat nor a bright lesion has all the say.
    small = cv2.equalizeHist(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))
    if small.min() == small.max():
        return STRAIGHT
    small = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1)
    steps = round(LARGEST_SHIFT / SHIFT_STEP)
    turns = [
        Turn(float(degrees), shift * SHIFT_STEP)
        for degrees in range(-LARGEST_TURN, LARGEST_TURN + 1, TURN_STEP)
        for shift in range(-steps, steps + 1)
    ]
    return max(turns, key=lambda t: _symmetry(t.apply(small)) - COST_OF_A_DEGREE * abs(t.degrees))


def _symmetry(picture: NDArray[np.generic]) -> float:
    """Pearson's correlation of a picture with its mirror image; 0 where it is even."""
    away = picture - picture.mean()
    power = float((away * away).sum())
    return float((away * away[:, ::-1]).sum()) / power if power > 0 else 0.0
