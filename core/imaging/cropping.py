"""Find the brain in a picture, by the report's method (section 2.1)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.config import Crop


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels; `right` and `bottom` are the first ones outside it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns inside the box."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows inside the box."""
        return self.bottom - self.top

    @property
    def area(self) -> int:
        """Pixels inside the box."""
        return self.width * self.height

    def cut(self, pixels: np.ndarray) -> np.ndarray:
        """The part of `pixels` (H, W, …) inside the box, as a view of it."""
        return pixels[self.top : self.bottom, self.left : self.right]


@dataclass(frozen=True)
class CropBox(Box):
    """Where the brain is, or the whole picture and the reason why nothing smaller was found."""

    fallback: str | None = None


def whole(pixels: np.ndarray, fallback: str | None = None) -> CropBox:
    """The box around all of a picture (H, W, …)."""
    height, width = pixels.shape[:2]
    return CropBox(0, 0, width, height, fallback)


def find_brain(pixels: np.ndarray, crop: Crop) -> CropBox:
    """The box around the largest bright thing in a picture.

    Grey, Gaussian blur, threshold, erosions and as many dilations, largest external contour,
    its extreme points (which are inside the box).

    Args:
        pixels: uint8 RGB, (H, W, 3).
        crop: The settings of the method.

    Returns:
        The box in pixels of the picture. When there is no contour, or its box is smaller than
        `crop.minimum_share` of the picture, the whole picture with the reason in `fallback`.
    """
    contour = _outline(pixels, crop)
    if contour is None:
        return whole(pixels, "no contour")
    left, top, width, height = cv2.boundingRect(contour)
    if width * height < crop.minimum_share * pixels.shape[0] * pixels.shape[1]:
        share = f"{100 * crop.minimum_share:g}"
        return whole(pixels, f"contour under {share} % of the picture")
    return CropBox(left, top, left + width, top + height)


def head_mask(pixels: np.ndarray, crop: Crop) -> NDArray[np.bool_]:
    """Where the head is: what the crop's method takes for it, filled to its outline.

    Args:
        pixels: uint8 RGB, (H, W, 3).
        crop: The settings of the method (see `find_brain`).

    Returns:
        (H, W). All of the picture where the method finds nothing.
    """
    mask = np.zeros(pixels.shape[:2], np.uint8)
    contour = _outline(pixels, crop)
    if contour is not None:
        cv2.drawContours(mask, [contour], -1, 1, thickness=cv2.FILLED)
    return mask.astype(bool) if mask.any() else np.ones(mask.shape, bool)


def _outline(pixels: np.ndarray, crop: Crop) -> np.ndarray | None:
    """The largest external contour of what is bright, (n, 1, 2); none where nothing is."""
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    smooth = cv2.GaussianBlur(grey, (crop.blur, crop.blur), 0)
    _, mask = cv2.threshold(smooth, crop.threshold, 255, cv2.THRESH_BINARY)
    mask = cv2.erode(mask, None, iterations=crop.iterations)
    mask = cv2.dilate(mask, None, iterations=crop.iterations)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return max(contours, key=cv2.contourArea, default=None)
