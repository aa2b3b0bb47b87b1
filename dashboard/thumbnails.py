"""Draws small pictures of scans, with what the crop keeps."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from core.config import Crop
from core.data.index import read_file
from core.imaging.cropping import find_brain
from core.imaging.scans import read_scan

SIDE, SMALL = 256, 96
"""Pixels, of one by itself and in a list; twice the size at which they are mostly shown, for
screens that have the pixels."""
FRAME = (98, 176, 198)
FALLBACK = (224, 164, 88)
OUTSIDE = 0.45
"""Brightness of what the crop leaves out."""


def draw(path: Path, crop: Crop | None, side: int = SIDE) -> bytes:
    """A square JPEG of a scan; what is outside the crop is dimmed and the crop framed.

    Args:
        path: The scan.
        crop: How to find the brain; none draws no crop. Where no brain is found the whole
            picture is framed in another colour.
        side: Of the square, in pixels.

    Raises:
        UnreadableScan: It cannot be read, or is not there.
    """
    pixels = read_scan(read_file(path), path.name).pixels
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    box = find_brain(pixels, crop) if crop else None
    small = Image.fromarray(pixels).resize(
        (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.LANCZOS
    )
    if box is not None:
        left, top, right, bottom = (
            round(edge * scale) for edge in (box.left, box.top, box.right, box.bottom)
        )
        shade = np.full((small.height, small.width, 1), OUTSIDE, np.float32)
        shade[top:bottom, left:right] = 1
        small = Image.fromarray((np.asarray(small) * shade).astype(np.uint8))
        ImageDraw.Draw(small).rectangle(
            (left, top, right - 1, bottom - 1),
            outline=FALLBACK if box.fallback else FRAME,
            width=2,
        )
    square = Image.new("RGB", (side, side))
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return _encode(square)


def blank(side: int = SIDE) -> bytes:
    """What stands in the place of a scan that cannot be read."""
    return _encode(Image.new("RGB", (side, side)))


def _encode(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
