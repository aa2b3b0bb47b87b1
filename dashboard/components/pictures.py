"""Pixels to what a browser shows or saves."""

import base64
import io

import numpy as np
from PIL import Image, ImageDraw

from core.imaging.cropping import Box


def png(pixels: np.ndarray) -> bytes:
    """uint8 RGB (H, W, 3) as PNG."""
    return _encoded(Image.fromarray(pixels), "PNG")


def tiff(map: np.ndarray) -> bytes:
    """float32 (H, W) as a TIFF of 32-bit floats, which ImageJ and its like open as numbers."""
    return _encoded(Image.fromarray(map.astype(np.float32)), "TIFF")


def small(pixels: np.ndarray, side: int) -> bytes:
    """uint8 RGB (H, W, 3) as a JPEG of at most `side` pixels either way."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return _encoded(picture, "JPEG")


def address(jpeg: bytes) -> str:
    """A JPEG as an address that holds it."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def outlined(pixels: np.ndarray, box: Box, colour: tuple[int, int, int]) -> np.ndarray:
    """A copy of uint8 RGB (H, W, 3) with a thin frame around a box of it."""
    picture = Image.fromarray(pixels)
    width = max(1, round(max(picture.size) / 300))
    corners = (box.left, box.top, box.right - 1, box.bottom - 1)
    ImageDraw.Draw(picture).rectangle(corners, outline=colour, width=width)
    return np.asarray(picture)


def _encoded(picture: Image.Image, format: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format)
    return buffer.getvalue()


BLANK = small(np.zeros((8, 8, 3), np.uint8), 8)
"""Stands for a picture that is not where it was."""
