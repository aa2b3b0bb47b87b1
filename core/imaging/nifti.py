"""NIfTI volumes, cut into slices the way a radiologist looks at them."""

import gzip
import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from itertools import permutations

import nibabel
import numpy as np
from nibabel.affines import voxel_sizes

from core.imaging.reading import (
    MAX_SLICES,
    MAX_VOLUME,
    PLANES,
    Decoded,
    Plane,
    Selection,
    check_size,
    levels_of,
    percentile_window,
    shown,
    square_pixels,
    unreadable,
)

HEADERS = {348: nibabel.Nifti1Header, 540: nibabel.Nifti2Header}
"""By their size in bytes, which is the first number of the file."""
GZIP = b"\x1f\x8b"
FURTHEST = 2**30
"""Bytes that are unpacked at most to get at a volume: some seconds."""
SAMPLE = 8_000_000
"""Voxels that the window of a volume is taken from, evenly spread."""


def looks_like_nifti(data: bytes) -> bool:
    """Whether the first bytes are a NIfTI header, or gzip, which only NIfTI comes in."""
    return data[:2] == GZIP or _header_size(data) is not None


class Nifti:
    """A NIfTI file, its volumes turned to the nearest standard orientation.

    Axial slices run from the feet to the head, coronal ones from back to front, sagittal ones
    from left to right. As in radiology the front or the head is up, the right side of a head is
    on the left, and in profile it looks to the left. Voxels that are not square are drawn square.

    Attributes:
        length: Bytes of one volume, unpacked, which stays in memory.
    """

    format = "nifti"
    planes = PLANES

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._sha256 = hashlib.sha256(data).hexdigest()
        self._packed = data[:2] == GZIP
        start = _unpack(data, 0, 544) if self._packed else data
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
        self._stored_shape, self.volumes = _shape(header)
        self._dtype = header.get_data_dtype()
        self.length = math.prod(self._stored_shape) * self._dtype.itemsize
        if self.length > MAX_VOLUME:
            raise unreadable(
                f"it declares a volume of {self.length:,} bytes",
                f"at most {MAX_VOLUME:,} bytes in a volume",
                "Export the volume at a lower resolution.",
            )
        self._offset = max(int(header["vox_offset"]), size)
        if self._offset > MAX_VOLUME:
            raise unreadable("the volume starts beyond every limit")
        if header["pixdim"][0] == 0:
            header["pixdim"][0] = 1  # so the standard has it, and nibabel would refuse it
        affine = header.get_best_affine()
        self._axes = _axes(affine, self._stored_shape)
        lengths = _lengths(affine, header)
        self._spacing = tuple(lengths[int(axis)] for axis in np.argsort(self._axes[:, 0]))
        self._slope, self._intercept = _scaling(header)
        self._colour = self._dtype.fields is not None
        self.mode = "RGB" if self._colour else str(self._dtype.str)
        self._load(0)

    def slices(self, plane: Plane, volume: int) -> int:  # noqa: ARG002
        """Voxels along the axis that the plane cuts."""
        return int(self._volume.shape[2 - PLANES.index(plane)])

    def tags(self, volume: int) -> Mapping[str, str]:  # noqa: ARG002
        """Lengths of a voxel: along and across an axial slice, and from one to the next."""
        across, along, up = self._spacing
        return {"PixelSpacing": f"{along:g}, {across:g}", "SliceThickness": f"{up:g}"}

    def sha256(self, index: int, volume: int) -> str:  # noqa: ARG002
        """Of its bytes."""
        return self._sha256

    def decode(self, index: int, selection: Selection) -> Decoded:
        """Cut a slice; grey by the window chosen, else by percentiles 1 and 99 of the volume."""
        if selection.volume != self._loaded:
            self._load(selection.volume)
        across, along, up = self._spacing
        if selection.plane == "axial":
            slice, down, right = self._volume[::-1, ::-1, index].T, along, across
        elif selection.plane == "coronal":
            slice, down, right = self._volume[::-1, index, ::-1].T, up, across
        else:
            slice, down, right = self._volume[index, ::-1, ::-1].T, up, along
        if self._colour:
            made = Decoded(np.stack([slice[channel] for channel in "RGB"], axis=-1))
        else:
            made = replace(
                shown(self._real(slice), selection.window, self._usual), levels=self._levels
            )
        aspect = down / right if down and right else 1.0
        return replace(made, pixels=square_pixels(made.pixels, aspect))

    def _load(self, volume: int) -> None:
        """Unpack one volume; the last one stays in memory."""
        length = self.length
        start = self._offset + volume * length
        if start + length > FURTHEST:
            raise unreadable(
                f"volume {volume} lies {start:,} bytes into the file",
                f"volumes within its first {FURTHEST:,} bytes",
                "Choose an earlier volume, or export it alone.",
            )
        data = self._data
        if self._packed:
            data, start = _unpack(data, start, length), 0
        if len(data) < start + length:
            raise unreadable(
                f"the volume ends early: {max(0, len(data) - start):,} of {length:,} bytes"
            )
        stored = np.frombuffer(data, self._dtype, math.prod(self._stored_shape), start)
        stored = stored.reshape(self._stored_shape, order="F")
        self._volume = nibabel.apply_orientation(stored, self._axes)
        self._loaded = volume
        step = math.ceil((stored.size / SAMPLE) ** (1 / 3))
        sample = self._volume[::step, ::step, ::step]
        self._usual = self._levels = (0.0, 0.0)
        if not self._colour:
            values = self._real(sample)
            self._usual, self._levels = percentile_window(values), levels_of(values)

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


def _unpack(data: bytes, start: int, length: int) -> bytes:
    """So many bytes of what is in a gzip file; no more is ever unpacked, nor kept."""
    try:
        file = gzip.GzipFile(fileobj=BytesIO(data))
        file.seek(start)
        return file.read(length)
    except EOFError:
        raise unreadable("the gzip file ends early") from None


def _shape(header: nibabel.Nifti1Header) -> tuple[tuple[int, int, int], int]:
    """Lengths of the three axes in space, and how many volumes the others (time, …) make."""
    count = int(header["dim"][0])
    if not 2 <= count <= 7:
        raise unreadable(f"it declares {count} dimensions")
    first, second, third, *others = (*(int(n) for n in header["dim"][1 : count + 1]), 1)
    for height, width, slices in permutations((first, second, third)):
        check_size(height, width, slices)
    volumes = math.prod(others)
    if min(others, default=1) < 1 or volumes > MAX_SLICES:
        raise unreadable(f"it declares {volumes:,} volumes")
    return (first, second, third), volumes


def _axes(affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Where each stored axis goes, and which way round.

    A single slice need not say where the next one would be: its axis gets the place that is left.
    """
    axes: np.ndarray = nibabel.io_orientation(affine)
    (lost,) = np.nonzero(np.isnan(axes[:, 0]))
    if len(lost) == 1 and shape[lost[0]] == 1:
        axes[lost[0]] = 3 - np.nansum(axes[:, 0]), 1
    return axes


def _lengths(affine: np.ndarray, header: nibabel.Nifti1Header) -> list[float]:
    """Of a voxel along each stored axis, by the affine that turns the volume.

    By the header where the affine has none, and where they agree but for its rounding.
    """
    told = ([abs(float(zoom)) for zoom in header.get_zooms()[:3]] + [1.0] * 2)[:3]
    sizes = [float(size) for size in voxel_sizes(affine)]
    return [
        size if 0 < size < math.inf and not math.isclose(size, zoom, rel_tol=1e-3) else zoom
        for size, zoom in zip(sizes, told, strict=True)
    ]


def _scaling(header: nibabel.Nifti1Header) -> tuple[float, float]:
    slope, intercept = header.get_slope_inter()
    return (1.0 if slope is None else float(slope)), float(intercept or 0.0)
