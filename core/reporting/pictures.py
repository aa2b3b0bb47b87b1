"""Pixels to files and addresses: what a page shows, a reader saves, a report holds."""

import base64
import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.explanation.geometry import COLOURS
from core.imaging.cropping import Box

Pixels = NDArray[np.uint8]


def png(pixels: Pixels) -> bytes:
    """uint8 RGB (H, W, 3) as PNG."""
    return _encoded(Image.fromarray(pixels), "PNG")


def tiff(map: NDArray[np.float32]) -> bytes:
    """float32 (H, W) as a TIFF of 32-bit floats, which ImageJ and its like open as numbers."""
    return _encoded(Image.fromarray(map.astype(np.float32)), "TIFF")


def small(pixels: Pixels, side: int) -> bytes:
    """uint8 RGB (H, W, 3) as a JPEG of at most `side` pixels either way."""
    return _encoded(_shrunk(pixels, side), "JPEG")


def fine(pixels: Pixels, side: int) -> bytes:
    """The same with little loss, and none of a colour's resolution: for looking at closely."""
    return _encoded(_shrunk(pixels, side), "JPEG", quality=92, subsampling=0)


def address(jpeg: bytes) -> str:
    """A JPEG as an address that holds it."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def outlined(pixels: Pixels, box: Box, colour: tuple[int, int, int]) -> Pixels:
    """A copy of uint8 RGB (H, W, 3) with a thin frame around a box of it."""
    picture = Image.fromarray(pixels)
    width = max(1, round(max(picture.size) / 300))
    corners = (box.left, box.top, box.right - 1, box.bottom - 1)
    ImageDraw.Draw(picture).rectangle(corners, outline=colour, width=width)
    return np.asarray(picture)


def colour_bar() -> bytes:
    """The colours of a map from none to most, left to right, as a JPEG."""
    ramp = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[None], COLOURS)[..., ::-1]
    return small(np.repeat(ramp, 8, axis=0), 256)


def _shrunk(pixels: Pixels, side: int) -> Image.Image:
    picture = Image.fromarray(pixels)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return picture


def _encoded(picture: Image.Image, format: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()
