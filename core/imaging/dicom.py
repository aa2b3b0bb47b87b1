"""DICOM files: what they hold, and what may be told of them."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame, parse_fragments
from pydicom.filereader import read_dataset
from pydicom.pixels import apply_color_lut, pixel_array
from pydicom.pixels.utils import get_expected_length
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, UID_dictionary

from core.imaging.body_parts import body_part
from core.imaging.codestream import declared_size
from core.imaging.dicom_pixels import aspect, colours, first_number, grey
from core.imaging.reading import (
    Decoded,
    Plane,
    Selection,
    check_size,
    square_pixels,
    unreadable,
)
from core.storage import is_file

CODES = (
    "Modality",
    "PhotometricInterpretation",
    "ScanningSequence",
    "SequenceVariant",
    "MRAcquisitionType",
    "BurnedInAnnotation",
)
NUMBERS = (
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "MagneticFieldStrength",
    "RepetitionTime",
    "EchoTime",
    "InversionTime",
    "FlipAngle",
)
"""With `CODES` and the part of the body, all that is ever told of a header. Free text is not:
people write names there."""
CODE = re.compile(r"[A-Z0-9_ ]{1,16}")
MOST_PARTS = 16
"""Of an element; no scanner has as many to say."""
NUMBER = re.compile(r"[-+]?[0-9]{1,12}(\.[0-9]*)?([eE][-+]?[0-9]{1,2})?")

PIXEL_DATA = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
COLOURS = ("Red", "Green", "Blue")
PALETTES = tuple(f"{colour}PaletteColorLookupTableData" for colour in COLOURS)
PICTURE = (
    *PIXEL_DATA,
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PlanarConfiguration"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "SOPClassUID"),
    "PixelAspectRatio",
    *("PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in COLOURS),
    *PALETTES,
    *(f"Segmented{name}" for name in PALETTES),
)
"""What it takes to show the pixels. Nothing else of a file is kept in memory."""
PLACE = ("SeriesInstanceUID", "ImagePositionPatient", "ImageOrientationPatient", "InstanceNumber")
"""Where a file belongs in its series. Used for that, and not kept."""
FRAME_GROUPS = (
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
    "FrameVOILUTSequence",
)
"""Where enhanced multi-frame files keep spacing, rescaling and window of each frame."""

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
"""pydicom would quote the value of an odd element in a warning, and it may be a name."""


def looks_like_dicom(data: bytes) -> bool:
    """Whether the file has the DICOM mark, or starts with an element as old files do."""
    if data[128:132] == b"DICM":
        return True
    group, element = data[:2], data[2:4]
    if group in (b"\x02\x00", b"\x08\x00"):
        known = element[1:2] == b"\x00"
    elif group in (b"\x00\x02", b"\x00\x08"):
        known = element[:1] == b"\x00"
    else:
        return False
    explicit = re.fullmatch(rb"[A-Z]{2}", data[4:6]) is not None
    return known and (explicit or 0 < int.from_bytes(data[4:8], "little") < 1024)


def series_of(path: Path) -> str | None:
    """The series that a DICOM file says it is of, empty where it does not; none for other files.

    Only its header is read, so that a file whose pixels end early stays with its series.
    """
    if not is_file(path):  # a pipe, say, that would wait for ever
        return None
    try:
        with path.open("rb") as file:
            if not looks_like_dicom(file.read(136)):
                return None
            _refuse_deflated(file)
            file.seek(0)
            header = pydicom.dcmread(
                file, force=True, stop_before_pixels=True, specific_tags=["SeriesInstanceUID"]
            )
        return str(header.get("SeriesInstanceUID") or "")
    except OSError:
        return None
    except Exception:  # pydicom lets through whatever a damaged header causes
        return ""


class Dicom:
    """A DICOM file of one or more frames, which are its slices."""

    format = "dicom"
    planes: tuple[Plane, ...] = ()
    volumes = 1

    def __init__(self, data: bytes) -> None:
        _refuse_deflated(BytesIO(data))
        self._sha256 = hashlib.sha256(data).hexdigest()
        wanted = [*PICTURE, *CODES, "BodyPartExamined", *NUMBERS, *PLACE]
        self._file = pydicom.dcmread(BytesIO(data), force=True, specific_tags=wanted)
        keyword = next((name for name in PIXEL_DATA if name in self._file), None)
        if keyword is None or "Rows" not in self._file or "Columns" not in self._file:
            raise unreadable("the DICOM file holds no picture")
        self._buffer: bytes = self._file[keyword].value or b""
        self._frames = int(self._file.get("NumberOfFrames") or 1)
        check_size(self._file.Rows, self._file.Columns, self._frames)
        _expect_lowest_bits(self._file)
        meta = self._file.file_meta
        if "TransferSyntaxUID" not in meta:
            implicit, little = self._file.original_encoding
            meta.TransferSyntaxUID = _native_syntax(bool(implicit), bool(little))
        if not meta.TransferSyntaxUID.is_little_endian:
            _turn_palettes(self._file)
        self._compressed = meta.TransferSyntaxUID.is_compressed
        self._check_length()
        self._tags = _technical_tags(self._file)
        self.mode = self._tags.get("PhotometricInterpretation", "")
        self.series = str(self._file.get("SeriesInstanceUID") or "")
        self.size = (int(self._file.Rows), int(self._file.Columns))
        self.place = _place(self._file)

    def slices(self, plane: Plane, volume: int) -> int:  # noqa: ARG002
        """Its frames."""
        return self._frames

    def tags(self, volume: int) -> Mapping[str, str]:  # noqa: ARG002
        """The allow-listed elements."""
        return self._tags

    def sha256(self, index: int, volume: int) -> str:  # noqa: ARG002
        """Of its bytes."""
        return self._sha256

    def decode(self, index: int, selection: Selection) -> Decoded:
        """Decode a frame. Pixels that are not square are drawn square."""
        settings = self._frame_settings(index)
        if self._compressed:
            self._check_codestream(index)
        try:
            stored = pixel_array(self._file, index=index)
        except (NotImplementedError, RuntimeError) as error:  # no decoder knows it, or all failed
            raise unreadable(f"its pixels ({self._compression()}) cannot be decoded") from error
        # Pixels that are floating-point numbers are grey, and their files need not say it.
        bits = settings.get("BitsStored", settings.BitsAllocated)
        if self._file.get("PhotometricInterpretation") == "PALETTE COLOR":
            stored = apply_color_lut(stored, self._file)
            bits = self._file.RedPaletteColorLookupTableDescriptor[2]
        if stored.ndim == 3:
            made = Decoded(colours(stored[..., :3], bits))
        else:
            made = grey(stored, settings, selection.window)
        return replace(made, pixels=square_pixels(made.pixels, aspect(settings)))

    def _check_length(self) -> None:
        """Refuse a file that has fewer pixels than it declares."""
        if self._compressed:
            items, _ = parse_fragments(self._buffer)
            pieces = items - 1  # the first item is a table of contents
            if pieces < self._frames:
                raise unreadable(f"it declares {self._frames:,} frames and holds {pieces:,}")
            return
        expected = get_expected_length(self._file)
        if len(self._buffer) < expected:
            raise unreadable(f"its pixels end early: {len(self._buffer):,} of {expected:,} bytes")

    def _check_codestream(self, index: int) -> None:
        """Refuse a compressed frame that would unpack to another size than it should."""
        frame = get_frame(self._buffer, index, number_of_frames=self._frames)
        size = declared_size(frame)
        if size is not None and size != (self._file.Rows, self._file.Columns):
            raise unreadable("its compressed pixels have another size than its header")

    def _compression(self) -> str:
        uid = self._file.file_meta.TransferSyntaxUID
        return UID_dictionary[uid][0] if uid in UID_dictionary else "unknown compression"

    def _frame_settings(self, index: int) -> Dataset:
        """The header with what is said of this frame alone laid over it."""
        settings = Dataset()
        settings.file_meta = self._file.file_meta
        settings.update({e.tag: e for e in self._file if e.keyword not in PIXEL_DATA})
        shared = list(self._file.get("SharedFunctionalGroupsSequence") or [])[:1]
        own = list(self._file.get("PerFrameFunctionalGroupsSequence") or [])[index : index + 1]
        for groups in (*shared, *own):
            for name in FRAME_GROUPS:
                for group in groups.get(name) or []:
                    settings.update(group)
        return settings


def _refuse_deflated(file: BinaryIO) -> None:
    """Refuse a file that is deflated as a whole: how much it unpacks to is anybody's guess."""
    file.seek(128)
    if file.read(4) != b"DICM":
        file.seek(0)
    meta = read_dataset(file, False, True, stop_when=lambda tag, _vr, _length: tag >> 16 != 2)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        raise unreadable("the DICOM file is deflated", "a DICOM file in any other coding")


def _expect_lowest_bits(header: Dataset) -> None:
    """Refuse pixels that are not in the lowest bits of their words.

    PS3.5, 8.1.1 allows no others any more, and pydicom takes the lowest whatever is said.
    """
    highest, stored = header.get("HighBit"), header.get("BitsStored")
    if None not in (highest, stored) and highest != stored - 1:
        raise unreadable(f"its pixels of {stored} bits end at bit {highest}, not {stored - 1}")


def _turn_palettes(header: Dataset) -> None:
    """Turn the words of palettes to little-endian, in which pydicom takes them to be."""
    for name in PALETTES:
        element = header.get(name)
        if isinstance(element, bytes) and len(element) % 2 == 0:
            setattr(header, name, np.frombuffer(element, ">u2").astype("<u2").tobytes())


def _native_syntax(implicit: bool, little: bool) -> pydicom.uid.UID:
    if implicit:
        return pydicom.uid.ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else pydicom.uid.ExplicitVRBigEndian


def _technical_tags(header: Dataset) -> dict[str, str]:
    """The allow-listed elements whose values are codes, numbers or names of body parts."""
    tags = {}
    for names, pattern in ((CODES, CODE), (NUMBERS, NUMBER)):
        for name in names:
            value = header.get(name)
            several = [value] if isinstance(value, str | float | int) else list(value or [])
            parts = [str(part).strip() for part in several]
            if 0 < len(parts) <= MOST_PARTS and all(pattern.fullmatch(part) for part in parts):
                tags[name] = ", ".join(f"{float(p):g}" if pattern is NUMBER else p for p in parts)
    part = body_part(str(header.get("BodyPartExamined") or ""))
    return tags if part is None else tags | {"BodyPartExamined": part}


def _place(header: Dataset) -> tuple[float, float]:
    """Where a file lies in its series: along the normal of its slices, then by its number.

    PS3.3, C.7.6.2.1.1: the normal is the cross product of the directions of row and column.
    """
    number = first_number(header, "InstanceNumber") or 0.0
    try:
        position = np.array(header.ImagePositionPatient, float)
        row, column = np.array(header.ImageOrientationPatient, float).reshape(2, 3)
        along = float(np.cross(row, column) @ position)
    except (AttributeError, TypeError, ValueError):
        return 0.0, number
    # Positions of one slice at several times differ by rounding alone.
    return (round(along, 3), number) if np.isfinite(along) else (0.0, number)
