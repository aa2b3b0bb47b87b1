"""From the network's square back to the scan, and heat laid over its pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import SettingError
from core.imaging.preprocessing import Prepared

Float32 = NDArray[np.float32]

COLOURS = cv2.COLORMAP_INFERNO
"""Even in perception and rising in lightness, so that it also reads in grey."""


def to_scan(map: Float32, prepared: Prepared) -> Float32:
    """Lay a map back where its picture came from.

    Args:
        map: float32 (S, S), over the prepared square.
        prepared: The square's own geometry; of the scan as it is, not of an augmented view.

    Returns:
        float32 (H, W), over the scan; 0 outside the crop.
    """
    laid = np.zeros(prepared.shape, np.float32)
    inside = prepared.content.cut(map)
    over_crop = _resize(inside, prepared.box.width, prepared.box.height)
    prepared.box.cut(laid)[...] = prepared.turn.undo(over_crop)
    return laid


def overlay(
    pixels: NDArray[np.uint8], map: Float32, opacity: float = 0.6, maximum: float | None = None
) -> NDArray[np.uint8]:
    """Colour a scan by a map. Where there is no heat the scan shows as it is.

    Args:
        pixels: The scan, uint8 RGB (H, W, 3).
        map: float32 (H, W), at least 0.
        opacity: 0–1, of the hottest colour; less heat covers less.
        maximum: The value that gets the hottest colour. Give the same to two maps to compare
            them; none means this map's own largest value.

    Returns:
        uint8 RGB (H, W, 3).

    Raises:
        SettingError: The opacity is not in 0–1.
    """
    if not 0 <= opacity <= 1:
        raise SettingError(
            "an opacity between 0 and 1", f"{opacity} was given", "Choose one in between."
        )
    top = float(map.max()) if maximum is None else maximum
    if top <= 0:
        return pixels.copy()
    heat = np.clip(map / np.float32(top), 0, 1)
    coloured = cv2.applyColorMap(np.rint(heat * 255).astype(np.uint8), COLOURS)[..., ::-1]
    alpha = (np.float32(opacity) * heat)[..., None]
    blended: NDArray[np.uint8] = np.rint(pixels * (1 - alpha) + coloured * alpha).astype(np.uint8)
    return blended


def _resize(map: Float32, width: int, height: int) -> Float32:
    """Bilinear where an axis grows, the mean of what falls together where it shrinks.

    One axis after the other: a crop may well be stretched one way and squeezed the other.
    """
    for size in ((width, map.shape[0]), (width, height)):
        shrinks = size[0] < map.shape[1] or size[1] < map.shape[0]
        map = cv2.resize(map, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return map
