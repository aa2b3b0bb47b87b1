"""DICOM pictures, as their headers say they are to be shown."""

import hashlib
import math
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
from core.imaging.reading import (
    Decoded,
    Plane,
    Selection,
    Window,
    check_size,
    levels_of,
    percentile_window,
    shown,
    square_pixels,
    to_grey,
    to_rgb,
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
            made = Decoded(_colours(stored[..., :3], bits))
        else:
            made = _grey(stored, settings, selection.window)
        return replace(made, pixels=square_pixels(made.pixels, _aspect(settings)))

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
    number = _first_number(header, "InstanceNumber") or 0.0
    try:
        position = np.array(header.ImagePositionPatient, float)
        row, column = np.array(header.ImageOrientationPatient, float).reshape(2, 3)
        along = float(np.cross(row, column) @ position)
    except (AttributeError, TypeError, ValueError):
        return 0.0, number
    # Positions of one slice at several times differ by rounding alone.
    return (round(along, 3), number) if np.isfinite(along) else (0.0, number)


def _colours(stored: np.ndarray, bits: int) -> np.ndarray:
    """Colours of so many bits, in words that may be wider, to 8 bits (PS3.3, C.7.6.3.1.5)."""
    widest = np.iinfo(stored.dtype).max
    brightest = min(2 ** int(bits) - 1, widest)
    header_is_right = stored.max() <= brightest
    return to_grey(stored, 0, brightest if header_is_right else widest)


def _grey(stored: np.ndarray, settings: Dataset, chosen: Window | None) -> Decoded:
    """Stored values (H, W) to grey: modality table, window, inversion, black padding."""
    padding = _padding(stored, settings)
    values = _rescaled(stored, settings)
    if padding.any():
        values = np.where(padding, np.nan, values)  # no number, so that no window minds it
    made = _windowed(values, settings, chosen)
    inverted = settings.get("PhotometricInterpretation") == "MONOCHROME1"
    pixels = 255 - made.pixels if inverted else made.pixels
    pixels[padding] = 0
    return replace(made, pixels=pixels)


def _padding(stored: np.ndarray, settings: Dataset) -> np.ndarray:
    """Where stored values (H, W) only fill the picture up to its shape (PS3.3, C.7.5.1.1.2)."""
    first, last = (_first_number(settings, f"PixelPadding{n}") for n in ("Value", "RangeLimit"))
    if first is None or stored.dtype.kind == "f":
        return np.zeros(stored.shape, bool)
    ends = np.array([first, first if last is None else last]).astype(np.int64)
    # The same bits as the pixels have: some headers give them the other sign, or unused ones.
    unused = 8 * stored.dtype.itemsize - settings.BitsStored
    ends = ends.astype(stored.dtype) << unused >> unused
    return np.asarray((stored >= ends.min()) & (stored <= ends.max()))


def _rescaled(stored: np.ndarray, settings: Dataset) -> np.ndarray:
    """Stored values to those that windows are meant for (PS3.3, C.11.1)."""
    if settings.get("ModalityLUTSequence"):
        return _looked_up(stored, settings.ModalityLUTSequence[0], settings)
    slope, intercept = (_first_number(settings, f"Rescale{n}") for n in ("Slope", "Intercept"))
    if slope is None or intercept is None:
        return stored
    return np.asarray(stored.astype(np.float64) * slope + intercept)


def _windowed(values: np.ndarray, settings: Dataset, chosen: Window | None) -> Decoded:
    """Values (H, W) to grey.

    By the window chosen, else the header's table or window, else percentiles. The window
    functions are those of DICOM PS3.3, C.11.2.1.
    """
    if settings.get("VOILUTSequence") and chosen is None:
        table = settings.VOILUTSequence[0]
        found = _looked_up(values, table, settings)
        return Decoded(to_rgb(to_grey(found, 0, 2 ** int(table.LUTDescriptor[2]) - 1)))
    centre, width = (_first_number(settings, f"Window{name}") for name in ("Center", "Width"))
    if centre is None or width is None or width <= 0:
        return shown(values, chosen, percentile_window(values))
    centre, width = window = chosen or (centre, width)
    function = settings.get("VOILUTFunction") or "LINEAR"
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            grey = to_grey(1 / (1 + np.exp(-4 * (values - centre) / width)), 0, 1)
    else:
        if function == "LINEAR" and width > 1:
            centre, width = centre - 0.5, width - 1
        grey = to_grey(values, centre - width / 2, centre + width / 2)
    return Decoded(to_rgb(grey), window, levels_of(values))


def _looked_up(values: np.ndarray, item: Dataset, settings: Dataset) -> np.ndarray:
    """What a table has for values (PS3.3, C.11.1.1 and C.11.2.1.1).

    `pydicom.pixels.apply_voi` counts in the table's own type, so that an 8-bit table of more
    than 256 entries starts again from its beginning; `apply_modality_lut` knows no type for
    tables of 12 bits.
    """
    count, first = (int(number) for number in item.LUTDescriptor[:2])
    entries = item.LUTData
    if isinstance(entries, bytes):
        words = "<u2" if settings.file_meta.TransferSyntaxUID.is_little_endian else ">u2"
        entries = np.frombuffer(entries, np.uint8 if len(entries) == count else words)
    table = np.atleast_1d(entries)[: count or 2**16]
    place = np.rint(np.nan_to_num(values - float(first))).clip(0, len(table) - 1).astype(np.intp)
    return np.asarray(table[place])


def _aspect(settings: Dataset) -> float:
    """How many times as high as wide a pixel is, 1 where that is not told."""
    for name in ("PixelSpacing", "PixelAspectRatio"):
        lengths = _numbers(settings, name)
        if len(lengths) == 2 and all(0 < length < math.inf for length in lengths):
            return lengths[0] / lengths[1]
    return 1.0


def _first_number(settings: Dataset, name: str) -> float | None:
    number = next(iter(_numbers(settings, name)), math.nan)
    return number if math.isfinite(number) else None


def _numbers(settings: Dataset, name: str) -> list[float]:
    """The values of an element; an empty one is no number."""
    value = settings.get(name)
    several = [value] if isinstance(value, str | float | int) else list(value or [])
    return [math.nan if number == "" else float(number) for number in several]
