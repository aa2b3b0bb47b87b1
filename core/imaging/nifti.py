"""NIfTI volumes, as axial slices the way a radiologist looks at them."""

import gzip
import math
from collections.abc import Mapping
from io import BytesIO
from itertools import permutations

import cv2
import nibabel
import numpy as np

from core.imaging.reading import (
    MAX_SIDE,
    MAX_VOLUME,
    check_size,
    percentile_window,
    to_grey,
    to_rgb,
    unreadable,
)

HEADERS = {348: nibabel.Nifti1Header, 540: nibabel.Nifti2Header}
"""By their size in bytes, which is the first number of the file."""
GZIP = b"\x1f\x8b"
SAMPLE = 8_000_000
"""Voxels that the window of a volume is taken from, evenly spread."""
THICKEST = 16
"""A voxel longer than this many times its width is taken for a damaged header."""


def looks_like_nifti(data: bytes) -> bool:
    """Whether the first bytes are a NIfTI header, or gzip, which only NIfTI comes in."""
    return data[:2] == GZIP or _header_size(data) is not None


class Nifti:
    """The first volume of a NIfTI file, turned to the nearest standard orientation.

    Slices run from the feet to the head; in each the front of the head is up and its right
    side is on the left, as in radiology. Voxels that are not square are drawn square.
    """

    format = "nifti"

    def __init__(self, data: bytes) -> None:
        packed = data[:2] == GZIP
        start = _unpack(data, 544) if packed else data
        size = _header_size(start)
        if size is None:
            raise unreadable("the gzip file holds no NIfTI volume")
        order = "<" if int.from_bytes(start[:4], "little") == size else ">"
        header = HEADERS[size](start[:size], order, check=False)
        if header["magic"].item()[:2] != b"n+":
            raise unreadable(
                "the NIfTI header lies apart from its volume (.hdr and .img)",
                "a NIfTI file in one piece (.nii or .nii.gz)",
                "Convert the pair into one .nii file.",
            )
        shape = _shape(header)
        dtype = header.get_data_dtype()
        length = math.prod(shape) * dtype.itemsize
        if length > MAX_VOLUME:
            raise unreadable(
                f"it declares a volume of {length:,} bytes",
                f"at most {MAX_VOLUME:,} bytes in a volume",
                "Export the volume at a lower resolution.",
            )
        offset = max(int(header["vox_offset"]), size)
        if offset > MAX_VOLUME:
            raise unreadable("the volume starts beyond every limit")
        if packed:
            data = _unpack(data, offset + length)
        if len(data) < offset + length:
            raise unreadable(
                f"the volume ends early: {max(0, len(data) - offset):,} of {length:,} bytes"
            )
        stored = np.frombuffer(data, dtype, math.prod(shape), offset).reshape(shape, order="F")
        axes = nibabel.io_orientation(header.get_best_affine())
        self._volume = nibabel.apply_orientation(stored, axes)
        lengths = [abs(float(zoom)) for zoom in header.get_zooms()[:3]] + [1.0] * 3
        across, along, up = (lengths[int(axis)] for axis in np.argsort(axes[:, 0]))
        self._aspect = along / across if across and along else 1.0
        self._slope, self._intercept = _scaling(header)
        self.slices: int = self._volume.shape[2]
        self.tags: Mapping[str, str] = {
            "PixelSpacing": f"{along:g}, {across:g}",
            "SliceThickness": f"{up:g}",
        }
        self.mode = "RGB" if dtype.fields else str(dtype.str)
        self._colour = dtype.fields is not None
        step = math.ceil((stored.size / SAMPLE) ** (1 / 3))
        sample = self._volume[::step, ::step, ::step]
        self._window = (0.0, 0.0) if self._colour else percentile_window(self._real(sample))

    def pixels(self, index: int) -> np.ndarray:
        """Cut axial slice `index`; grey by percentiles 1 and 99 of the volume."""
        slice = self._volume[::-1, ::-1, index].T
        if self._colour:
            picture = np.stack([slice[channel] for channel in "RGB"], axis=-1)
        else:
            picture = to_rgb(to_grey(self._real(slice), *self._window))
        return _square_pixels(picture, self._aspect)

    def _real(self, stored: np.ndarray) -> np.ndarray:
        """Stored values as the header scales them; of complex ones the magnitude."""
        values = np.abs(stored) if stored.dtype.kind == "c" else stored
        if (self._slope, self._intercept) == (1.0, 0.0):
            return values
        with np.errstate(all="ignore"):
            return values.astype(np.float32) * self._slope + self._intercept


def _header_size(data: bytes) -> int | None:
    for size, at, magics in (
        (348, 344, (b"n+1\0", b"ni1\0")),
        (540, 4, (b"n+2\0", b"ni2\0")),
    ):
        declared = (size.to_bytes(4, "little"), size.to_bytes(4, "big"))
        if len(data) >= size and data[:4] in declared and data[at : at + 4] in magics:
            return size
    return None


def _unpack(data: bytes, limit: int) -> bytes:
    """The first `limit` bytes of what is in a gzip file; no more is ever unpacked."""
    try:
        return gzip.GzipFile(fileobj=BytesIO(data)).read(limit)
    except EOFError:
        raise unreadable("the gzip file ends early") from None


def _shape(header: nibabel.Nifti1Header) -> tuple[int, int, int]:
    """Lengths of the three axes in space. What comes after them (time, channels) is left."""
    count = int(header["dim"][0])
    if not 2 <= count <= 7:
        raise unreadable(f"it declares {count} dimensions")
    first, second, third, *_ = (*(int(n) for n in header["dim"][1 : count + 1]), 1)
    for height, width, slices in permutations((first, second, third)):
        check_size(height, width, slices)
    return first, second, third


def _scaling(header: nibabel.Nifti1Header) -> tuple[float, float]:
    slope, intercept = header.get_slope_inter()
    return (1.0 if slope is None else float(slope)), float(intercept or 0.0)


def _square_pixels(picture: np.ndarray, aspect: float) -> np.ndarray:
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
