"""From the bytes of any file to pixels, or to a plain reason why there are none."""

import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import SettingError, UnreadableScan
from core.imaging.dicom import Dicom, looks_like_dicom
from core.imaging.nifti import Nifti, looks_like_nifti
from core.imaging.pictures import Picture
from core.imaging.reading import Reader, unreadable

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".dcm", ".dicom", ".ima"),
    *(".nii", ".nii.gz", ""),
)
"""How files that can be read are usually called. Their content alone decides."""

# What these libraries say about a damaged file may quote it, and it is said in our error anyway.
for _library in ("pydicom", "pylibjpeg", "libjpeg", "openjpeg", "nibabel", "PIL"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=rf"{_library}\b")


@dataclass(frozen=True)
class Scan:
    """One slice, ready to look at.

    Attributes:
        pixels: uint8 RGB, (H, W, 3), not writable.
        format: Format of the file: "png", "jpeg", "tiff", "bmp", "dicom", "nifti", …
        slice: Number of the slice in its file, from 0.
        slices: How many there are.
        tags: Technical facts by DICOM keyword, never who was scanned, where or when.
    """

    pixels: np.ndarray
    format: str
    slice: int
    slices: int
    tags: Mapping[str, str]


class ScanFile:
    """A file that holds at least one readable slice, the middle one.

    Attributes:
        name: What a person calls it.
        format: See `Scan`.
        mode: How it stores a pixel, in the words of its format ("RGB", "MONOCHROME2", "<i2").
        slices: How many slices there are.
        tags: See `Scan`.
    """

    def __init__(self, name: str, reader: Reader) -> None:
        self.name = name
        self.format = reader.format
        self.mode = reader.mode
        self.slices = reader.slices
        self.tags: Mapping[str, str] = dict(reader.tags)
        self._reader = reader
        self._middle = self._decode(self.slices // 2)

    def slice(self, index: int | None = None) -> Scan:
        """One slice of the file; the middle one if no index is given.

        Raises:
            UnreadableScan: This slice is damaged.
            SettingError: There is no slice of this number.
        """
        if index is None or index == self._middle.slice:
            return self._middle
        if not 0 <= index < self.slices:
            raise SettingError(
                f"a slice from 0 to {self.slices - 1}",
                f"slice {index} was asked for",
                "Choose a slice that the file has.",
            )
        return self._decode(index)

    def _decode(self, index: int) -> Scan:
        try:
            pixels = np.ascontiguousarray(self._reader.pixels(index))
        except UnreadableScan:
            raise
        except Exception as error:  # whatever a decoder makes of damaged bytes
            raise _damaged(self.format) from error
        pixels.setflags(write=False)
        return Scan(pixels, self.format, index, self.slices, self.tags)


def open_scan(data: bytes, name: str) -> ScanFile:
    """Open a picture, DICOM or NIfTI file by its content and decode its middle slice.

    Args:
        data: The whole file.
        name: What a person calls it; decides nothing.

    Raises:
        UnreadableScan: It is none of these, is damaged, or is far too large. No other
            exception, whatever the bytes.
    """
    if not data:
        raise unreadable("the file is empty")
    kind: type[Dicom | Nifti | Picture] = Picture
    if looks_like_dicom(data):
        kind = Dicom
    elif looks_like_nifti(data):
        kind = Nifti
    try:
        return ScanFile(name, kind(data))
    except UnreadableScan:
        raise
    except Exception as error:  # whatever a parser makes of damaged bytes
        raise _damaged(kind.format) from error


def read_scan(data: bytes, name: str, slice: int | None = None) -> Scan:
    """One slice of a file, the middle one if no number is given (see `open_scan`).

    Raises:
        UnreadableScan: It cannot be read.
        SettingError: There is no slice of this number.
    """
    return open_scan(data, name).slice(slice)


def _damaged(format: str) -> UnreadableScan:
    shown = {"dicom": "DICOM file", "nifti": "NIfTI file"}
    return unreadable(f"the {shown.get(format, f'{format.upper()} picture'.strip())} is damaged")
