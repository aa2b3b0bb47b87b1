"""What the readers of all formats share: their shape, their limits, and grey levels."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import cv2
import numpy as np

from core.errors import SettingError, UnreadableScan

Plane = Literal["axial", "coronal", "sagittal"]
PLANES: tuple[Plane, ...] = ("axial", "coronal", "sagittal")

Window = tuple[float, float]
"""Centre and width, in the values of the file."""

MAX_PIXELS = 64_000_000
"""Pixels of one slice. More is refused before anything of that size is allocated."""
MAX_SIDE = 32_000
"""Pixels of one side; OpenCV's warps stop a little above."""
THICKEST = 16
"""A pixel longer than this many times its width is taken for a damaged header."""
MAX_SLICES = 10_000
MAX_VOLUME = 2**29
"""Bytes of one uncompressed volume."""


@dataclass(frozen=True)
class Selection:
    """Which picture of a file is meant, and how it is turned to grey.

    Attributes:
        slice: Its number, from 0; none is the middle one.
        plane: The way a volume is cut. Files that are no volumes have none to choose.
        volume: Of a series in time, or of an archive of several series, from 0.
        window: Centre and width; none is what the file says, else percentiles.
    """

    slice: int | None = None
    plane: Plane = "axial"
    volume: int = 0
    window: Window | None = None

    def __post_init__(self) -> None:
        if self.plane not in PLANES:
            raise SettingError(
                f"one of the planes {', '.join(PLANES)}", f"'{self.plane}' was given", "Choose one."
            )
        if self.window is not None and not (
            all(map(math.isfinite, self.window)) and self.window[1] > 0
        ):
            raise SettingError(
                "a window as centre and width, the width above 0",
                f"{self.window[0]:g} and {self.window[1]:g} were given",
                "Correct the window, or leave it out.",
            )


@dataclass(frozen=True, eq=False)
class Decoded:
    """One picture as its reader gives it.

    Attributes:
        pixels: uint8 RGB, (H, W, 3).
        window: Centre and width that were applied; none for colours and look-up tables.
        levels: Smallest and largest value that a window can be chosen from; none likewise.
    """

    pixels: np.ndarray
    window: Window | None = None
    levels: tuple[float, float] | None = None


class Reader(Protocol):
    """An opened file of some format: what is known before its pixels are decoded."""

    @property
    def format(self) -> str:
        """Short name of the format, in small letters."""

    @property
    def mode(self) -> str:
        """How a pixel is stored, in the words of the format ("RGB", "MONOCHROME2", "<i2")."""

    @property
    def planes(self) -> tuple[Plane, ...]:
        """The ways in which the file can be cut; empty for what is no volume."""

    @property
    def volumes(self) -> int:
        """How many volumes or series there are to choose from, at least 1."""

    def slices(self, plane: Plane, volume: int) -> int:
        """How many pictures there are that way, at least 1."""

    def tags(self, volume: int) -> Mapping[str, str]:
        """Technical facts; never who was scanned, where or when."""

    def sha256(self, index: int, volume: int) -> str:
        """Digest of the file that slice `index` is in; in an archive, one of its files."""

    def decode(self, index: int, selection: Selection) -> Decoded:
        """Decode slice `index`, from 0, of the plane and volume selected, which are there.

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


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sort key that puts scan_2 before scan_10, the same on every machine."""
    pieces = re.split(r"([0-9]+)", name)
    return [(int(p), p) if i % 2 else (0, p) for i, p in enumerate(pieces)]


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


def levels_of(values: np.ndarray) -> tuple[float, float]:
    """Smallest and largest finite value; 0 and 0 where there is none."""
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)


def shown(values: np.ndarray, window: Window | None, usual: tuple[float, float]) -> Decoded:
    """Values (H, W) as a grey picture.

    Args:
        values: Real numbers.
        window: Centre and width that were asked for, or none.
        usual: Values shown as black and white where none was.
    """
    low, high = usual
    if window is not None:
        low, high = window[0] - window[1] / 2, window[0] + window[1] / 2
    grey = to_grey(values, low, high)
    return Decoded(to_rgb(grey), ((low + high) / 2, high - low), levels_of(values))


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


def square_pixels(picture: np.ndarray, aspect: float) -> np.ndarray:
    """Stretch a picture whose pixels are `aspect` times as high as they are wide."""
    height, width = picture.shape[:2]
    if not 1 / THICKEST <= aspect <= THICKEST or abs(aspect - 1) < 0.01:
        return picture
    if aspect > 1:
        height = min(MAX_SIDE, round(height * aspect))
    else:
        width = min(MAX_SIDE, round(width / aspect))
    check_size(height, width)
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR))
