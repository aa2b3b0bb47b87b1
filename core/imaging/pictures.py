"""Ordinary pictures, read by Pillow whatever their file is called."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION, SAMPLEFORMAT

from core.imaging.reading import (
    MAX_SLICES,
    Decoded,
    Plane,
    Selection,
    check_size,
    percentile_window,
    shown,
    unreadable,
)

FORMATS = ("PNG", "JPEG", "BMP", "DIB", "TIFF", "WEBP", "GIF", "PPM")
"""What Pillow may try. A short list: some of its other formats start other programs."""
NAMES = {"MPO": "jpeg", "DIB": "bmp"}
DEEP_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""Modes of more than 8 bits a channel. They name no window, so percentiles have to do."""
SUBFILE_TYPE, REDUCED = 254, 1
"""The tag of a TIFF's page that tells what it is, and its bit for a smaller copy of another one."""


class Picture:
    """A picture file. The pages of a TIFF are its slices; an animation is its first frame.

    Pages that are smaller copies of others, for a quick look, are no slices.
    """

    format: str = ""
    planes: tuple[Plane, ...] = ()
    volumes = 1

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._sha256 = hashlib.sha256(data).hexdigest()
        with self._open() as image:
            self.mode = image.mode
            self.format = NAMES.get(image.format or "", (image.format or "").lower())
            self._pages = _pages(image) if image.format == "TIFF" else [0]

    def slices(self, plane: Plane, volume: int) -> int:  # noqa: ARG002
        """Pages of a TIFF, 1 of anything else."""
        return len(self._pages)

    def tags(self, volume: int) -> Mapping[str, str]:  # noqa: ARG002
        """None: what a camera writes into a picture may tell where and when."""
        return {}

    def sha256(self, index: int, volume: int) -> str:  # noqa: ARG002
        """Of its bytes."""
        return self._sha256

    def decode(self, index: int, selection: Selection) -> Decoded:
        """Decode a page, upright as its EXIF says, in the colours that a viewer shows."""
        with self._open() as image:
            if page := self._pages[index]:
                image.seek(page)
                check_size(image.height, image.width)
            upright = ImageOps.exif_transpose(image)
            if upright.mode in DEEP_MODES:
                return _deep(np.asarray(upright), getattr(image, "tag_v2", {}), selection)
            return Decoded(np.asarray(_over_black(upright).convert("RGB")))

    def _open(self) -> Image.Image:
        try:
            image = Image.open(BytesIO(self._data), formats=FORMATS)
        except UnidentifiedImageError:
            raise unreadable("it is no picture, DICOM or NIfTI file") from None
        except Image.DecompressionBombError:
            raise unreadable("it declares far too many pixels") from None
        check_size(image.height, image.width)
        return image


def _deep(values: np.ndarray, tags: Mapping[int, Any], selection: Selection) -> Decoded:
    """Values (H, W) of more than 8 bits to grey.

    Pillow leaves two things undone that a TIFF may ask for: to take 32 bits without a sign for
    what they are, and to show 0 as white.
    """
    if tags.get(BITSPERSAMPLE) == (32,) and tags.get(SAMPLEFORMAT, (1,)) == (1,):
        values = values.view(np.uint32)
    made = shown(values, selection.window, percentile_window(values))
    white_is_zero = tags.get(PHOTOMETRIC_INTERPRETATION) == 0
    return replace(made, pixels=255 - made.pixels) if white_is_zero else made


def _pages(image: Image.Image) -> list[int]:
    """Numbers of the pages of a TIFF that are slices, looked for no further than the limit."""
    count, pages = 0, []
    try:
        while count <= MAX_SLICES:
            image.seek(count)
            if not getattr(image, "tag_v2", {}).get(SUBFILE_TYPE, 0) & REDUCED:
                pages.append(count)
            count += 1
    except EOFError:
        pass
    check_size(image.height, image.width, count)
    return pages or list(range(count))


def _over_black(image: Image.Image) -> Image.Image:
    """Lay a picture that has any transparency on black, the ground of a scan."""
    if not image.has_transparency_data:
        return image
    ground = Image.new("RGBA", image.size, "black")
    ground.alpha_composite(image.convert("RGBA"))
    return ground
