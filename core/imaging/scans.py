"""From the bytes of any file to pixels, or to a plain reason why there are none."""

import hashlib
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import NoSuchPicture, UnreadableScan
from core.imaging.pictures import Picture
from core.imaging.reading import Plane, Reader, Selection, Window, unreadable

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".dcm", ".dicom", ".ima"),
    *(".nii", ".nii.gz", ".zip", ""),
)
"""How files that can be read are usually called. Their content alone decides."""
MIDDLE = Selection()
"""What is shown of a file unless something else is selected."""

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
        slice: Number of the slice in its volume, from 0.
        slices: How many there are.
        tags: Technical facts by DICOM keyword, never who was scanned, where or when.
        plane: How the volume was cut; none for what is no volume.
        volume: Number of the volume in its file, from 0.
        volumes: How many there are.
        window: Centre and width that made its values grey; none for colours and tables.
        levels: Smallest and largest value that a window can be chosen from; none likewise.
        digests: SHA-256 of the file; of an archive, also that of the file in it that holds the
            slice.
    """

    pixels: np.ndarray
    format: str
    slice: int
    slices: int
    tags: Mapping[str, str]
    plane: Plane | None = None
    volume: int = 0
    volumes: int = 1
    window: Window | None = None
    levels: tuple[float, float] | None = None
    digests: tuple[str, ...] = ()


class ScanFile:
    """An opened file: what it tells of itself, and its slices, each decoded when it is asked for.

    Attributes:
        name: What a person calls it.
        format: See `Scan`.
        mode: How it stores a pixel, in the words of its format ("RGB", "MONOCHROME2", "<i2").
        slices: How many slices there are.
        tags: See `Scan`.

    Args:
        name: As above.
        reader: Gives the slices.
        archive: SHA-256 of the archive that it came in, if it did.
    """

    def __init__(self, name: str, reader: Reader, archive: str | None = None) -> None:
        self.name = name
        self.format = reader.format
        self.mode = reader.mode
        self.planes = reader.planes
        self.volumes = reader.volumes
        self._reader = reader
        self._archive = () if archive is None else (archive,)
        self.slices = self.count()
        self.tags = dict(reader.tags(MIDDLE.volume))

    def slice(self, index: int | None = None) -> Scan:
        """One slice of the file; the middle one if no index is given (see `scan`)."""
        return self.scan(Selection(index))

    def scan(self, selection: Selection = MIDDLE) -> Scan:
        """The slice that is selected.

        Raises:
            UnreadableScan: This slice is damaged.
            NoSuchPicture: There is no slice, plane or volume of this kind.
        """
        slices = self.count(selection)
        index = slices // 2 if selection.slice is None else selection.slice
        _expect("slice", index, slices)
        try:
            decoded = self._reader.decode(index, selection)
            pixels = np.ascontiguousarray(decoded.pixels)
            tags = dict(self._reader.tags(selection.volume))
        except UnreadableScan as problem:
            raise _of_slice(index, slices, problem) from problem.__cause__
        except Exception as error:  # whatever a decoder makes of damaged bytes
            raise _of_slice(index, slices, _damaged(self.format)) from error
        pixels.setflags(write=False)
        return Scan(
            pixels,
            self.format,
            index,
            slices,
            tags,
            plane=selection.plane if self.planes else None,
            volume=selection.volume,
            volumes=self.volumes,
            window=decoded.window,
            levels=decoded.levels,
            digests=(*self._archive, self._reader.sha256(index, selection.volume)),
        )

    def count(self, selection: Selection = MIDDLE) -> int:
        """How many slices the plane and volume of a selection have.

        Raises:
            NoSuchPicture: The file has no such plane or volume.
        """
        if selection.plane != MIDDLE.plane and selection.plane not in self.planes:
            raise NoSuchPicture(
                "a volume in NIfTI format, which alone can be cut in other planes",
                f"the {selection.plane} plane of a file of format {self.format} was asked for",
                "Leave the plane out.",
            )
        _expect("volume", selection.volume, self.volumes)
        return self._reader.slices(selection.plane, selection.volume)


def open_scan(data: bytes, name: str) -> ScanFile:
    """Open a picture, DICOM or NIfTI file, or a ZIP archive of such, by its content.

    Its slices are decoded when they are asked for: one that is damaged costs no other.

    Args:
        data: The whole file.
        name: What a person calls it; decides nothing.

    Raises:
        UnreadableScan: It is none of these, is damaged as a whole, or is far too large. No other
            exception, whatever the bytes.
    """
    from core.imaging.series import looks_like_zip, open_archive  # as slow to load as below

    if not data:
        raise unreadable("the file is empty")
    if looks_like_zip(data):
        archive = hashlib.sha256(data).hexdigest()
        return ScanFile(name, open_archive(data, _open_file), archive)
    return ScanFile(name, _open_file(data))


def read_scan(data: bytes, name: str, slice: int | None = None) -> Scan:
    """One slice of a file, the middle one if none is named (see `open_scan`).

    Raises:
        UnreadableScan: It cannot be read.
        NoSuchPicture: There is no such slice.
    """
    return open_scan(data, name).slice(slice)


def _open_file(data: bytes) -> Reader:
    """The reader of a file that is no archive."""
    # Slow to load, and what only starts does without.
    from core.imaging.dicom import Dicom, looks_like_dicom
    from core.imaging.nifti import Nifti, looks_like_nifti

    kind: type[Dicom | Nifti | Picture] = Picture
    if looks_like_dicom(data):
        kind = Dicom
    elif looks_like_nifti(data):
        kind = Nifti
    try:
        return kind(data)
    except UnreadableScan:
        raise
    except Exception as error:  # whatever a parser makes of damaged bytes
        raise _damaged(kind.format) from error


def _expect(what: str, number: int, count: int) -> None:
    if not 0 <= number < count:
        raise NoSuchPicture(
            f"a {what} from 0 to {count - 1}",
            f"{what} {number} was asked for",
            f"Choose a {what} that the file has.",
        )


def _of_slice(index: int, slices: int, problem: UnreadableScan) -> UnreadableScan:
    """The same error with the slice in its reason, where there are several."""
    if slices == 1:
        return problem
    reason = f"slice {index} of 0 to {slices - 1}: {problem.reason}"
    return UnreadableScan(reason, problem.expected, problem.remedy)


def _damaged(format: str) -> UnreadableScan:
    shown = {"dicom": "DICOM file", "nifti": "NIfTI file"}
    return unreadable(f"the {shown.get(format, f'{format.upper()} picture'.strip())} is damaged")
