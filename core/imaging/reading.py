"""What the readers of all formats share: their shape, their limits, and grey levels."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from core.errors import UnreadableScan

MAX_PIXELS = 64_000_000
"""Pixels of one slice. More is refused before anything of that size is allocated."""
MAX_SIDE = 32_000
"""Pixels of one side; OpenCV's warps stop a little above."""
MAX_SLICES = 10_000
MAX_VOLUME = 2**29
"""Bytes of one uncompressed volume."""


class Reader(Protocol):
    """An opened file of some format: what is known before its pixels are decoded."""

    @property
    def format(self) -> str:
        """Short name of the format, in small letters."""

    @property
    def mode(self) -> str:
        """How a pixel is stored, in the words of the format ("RGB", "MONOCHROME2", "<i2")."""

    @property
    def slices(self) -> int:
        """How many pictures the file holds, at least 1."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Technical facts about the file; never who was scanned, where or when."""

    def pixels(self, index: int) -> np.ndarray:
        """Decode slice `index`, from 0, into uint8 RGB (H, W, 3).

        Raises:
            UnreadableScan: The slice is damaged; so says any other exception.
        """


def unreadable(
    reason: str,
    expected: str = "a PNG, JPEG, TIFF, BMP, WebP, DICOM or NIfTI file in good order",
    remedy: str = "Export the scan again, or open it in a viewer and save it as PNG.",
) -> UnreadableScan:
    """The error for a file that cannot be read, for this short reason."""
    return UnreadableScan(reason, expected, remedy)


def check_size(height: int, width: int, slices: int = 1) -> None:
    """Refuse what is declared too large, or has nothing in it, before it is decoded.

    Raises:
        UnreadableScan: With the declared size as the reason.
    """
    if height < 1 or width < 1 or slices < 1:
        raise unreadable("it declares no pixels")
    if height * width > MAX_PIXELS or max(height, width) > MAX_SIDE:
        raise unreadable(
            f"it declares {width:,} × {height:,} pixels",
            f"at most {MAX_PIXELS:,} pixels in a slice and {MAX_SIDE:,} along a side",
            "Export the scan at a smaller size.",
        )
    if slices > MAX_SLICES:
        raise unreadable(
            f"it declares {slices:,} slices",
            f"at most {MAX_SLICES:,} slices",
            "Export fewer slices.",
        )


def percentile_window(values: np.ndarray) -> tuple[float, float]:
    """The grey levels to show as black and white where a file names none.

    Returns:
        The 1st and 99th percentile of the finite values; their minimum and maximum where those
        two are the same, as in a mask.
    """
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 0.0
    with np.errstate(all="ignore"):
        low, high = np.percentile(values, (1, 99))
    if low == high:
        low, high = values.min(), values.max()
    return float(low), float(high)


def to_grey(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Show `low` and less as 0, `high` and more as 255, evenly between; what is no number as 0.

    Returns:
        uint8 of the same shape, all 0 where `high` is not above `low`.
    """
    if not high > low:
        return np.zeros(values.shape, np.uint8)
    with np.errstate(all="ignore"):
        level = (values.astype(np.float32) - np.float32(low)) * np.float32(255 / (high - low))
        grey: np.ndarray = np.rint(np.nan_to_num(level.clip(0, 255))).astype(np.uint8)
    return grey


def to_rgb(grey: np.ndarray) -> np.ndarray:
    """Repeat grey levels (H, W) in three channels (H, W, 3)."""
    return np.repeat(grey[..., np.newaxis], 3, axis=2)
