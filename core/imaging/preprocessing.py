"""The one path from a scan's pixels to what the network sees, for training and prediction."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from core.config import Input, Protocol
from core.imaging.cropping import Box, CropBox, find_brain, whole
from core.imaging.midline import STRAIGHT, Turn, find_midline
from core.imaging.views import make_view, view_rng

IMAGENET_MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)
"""Mean blue, green and red of ImageNet, as subtracted when VGG19 was trained."""


@dataclass(frozen=True)
class Prepared:
    """A scan cropped and resized, and what it takes to find the way back.

    Attributes:
        pixels: uint8 RGB, (S, S, 3).
        box: The crop, in pixels of the scan (of its view, where the view came before the crop).
        shape: (H, W) of the scan.
        content: Where in the square the crop lies; all of it, unless it was letterboxed.
        turn: What put the crop upright.
    """

    pixels: np.ndarray
    box: CropBox
    shape: tuple[int, int]
    content: Box
    turn: Turn = STRAIGHT


def prepare(
    pixels: np.ndarray,
    protocol: Protocol,
    *,
    view: int = 0,
    sha256: str = "",
    cropped_already: bool = False,
) -> Prepared:
    """Crop a scan to the brain, put it upright and fit it into the network's square.

    Args:
        pixels: uint8 RGB, (H, W, 3), any size.
        protocol: Decides crop, views, size and fit.
        view: 0 for the scan as it is; k for its k-th seeded view.
        sha256: Digest of the scan's file; with the views' seed and `view` it decides
            what the view looks like.
        cropped_already: Take the whole picture as the crop.

    Returns:
        The square and its geometry. The same arguments always give the same pixels.
    """
    height, width = pixels.shape[:2]
    before = protocol.augmentation.order == "before crop"
    if view and before:
        pixels = _view(pixels, protocol, sha256, view)
    box = whole(pixels) if cropped_already else find_brain(pixels, protocol.crop)
    crop = box.cut(pixels)
    if protocol.input.levels == "percentile":
        crop = _spread(crop)
    if view and not before:
        crop = _view(crop, protocol, sha256, view)
    turn = find_midline(crop) if protocol.input.upright else STRAIGHT
    square, content = _fit(turn.apply(crop), protocol.input)
    return Prepared(square, box, (height, width), content, turn)


def scale(pixels: np.ndarray, scaling: Literal["unit", "imagenet"]) -> np.ndarray:
    """Turn prepared pictures into network input.

    Args:
        pixels: uint8 RGB, (…, S, S, 3).
        scaling: `unit` gives RGB in 0–1; `imagenet` gives BGR minus the ImageNet mean.

    Returns:
        float32 of the same shape.
    """
    if scaling == "unit":
        return pixels.astype(np.float32) / np.float32(255)
    return pixels[..., ::-1].astype(np.float32) - IMAGENET_MEAN_BGR


def _view(pixels: np.ndarray, protocol: Protocol, sha256: str, view: int) -> np.ndarray:
    augmentation = protocol.augmentation
    return make_view(pixels, augmentation, view_rng(augmentation.seed, sha256, view))


def _spread(crop: np.ndarray) -> np.ndarray:
    """Grey levels from the 1st to the 99th percentile spread over 0-255 (uint8 RGB)."""
    dark, bright = np.percentile(crop, (1, 99))
    if bright <= dark:
        return crop
    levels = (crop - np.float32(dark)) * np.float32(255 / (bright - dark))
    spread: np.ndarray = np.rint(levels).clip(0, 255).astype(np.uint8)
    return spread


def _fit(crop: np.ndarray, into: Input) -> tuple[np.ndarray, Box]:
    """Resize a crop bicubically into a square, stretched or between black bars."""
    size = into.size
    height, width = crop.shape[:2]
    across, down = size, size
    if into.fit == "letterbox":
        longest = max(height, width)
        across = max(1, round(width * size / longest))
        down = max(1, round(height * size / longest))
    left, top = (size - across) // 2, (size - down) // 2
    content = Box(left, top, left + across, top + down)
    square = np.zeros((size, size, 3), np.uint8)
    content.cut(square)[...] = cv2.resize(
        np.ascontiguousarray(crop), (across, down), interpolation=cv2.INTER_CUBIC
    )
    return square, content
