"""Pixels to what a browser shows or saves: see `core.reporting.pictures`."""

from core.explanation.geometry import overlay
from core.prediction import Prediction
from core.reporting.pictures import address, outlined, png, small, tiff

__all__ = ["address", "outlined", "png", "shown", "small", "tiff"]

FRAME = (98, 176, 198)


def shown(prediction: Prediction, opacity: float, *, outline: bool) -> bytes | None:
    """A scan with its map over it and the crop drawn in, as PNG; none where there is no scan."""
    if prediction.scan is None:
        return None
    pixels = prediction.scan.pixels
    if prediction.map is not None:
        pixels = overlay(pixels, prediction.map, opacity)
    if prediction.prepared is not None and outline:
        pixels = outlined(pixels, prediction.prepared.box, FRAME)
    return png(pixels)
