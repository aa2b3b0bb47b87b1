"""DICOM values to pixels, as their headers say they are to be shown (PS3.3, C.7.6.3 and C.11)."""

import math
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset

from core.imaging.reading import (
    Decoded,
    Window,
    levels_of,
    percentile_window,
    shown,
    to_grey,
    to_rgb,
)


def colours(stored: np.ndarray, bits: int) -> np.ndarray:
    """Colours of so many bits, in words that may be wider, to 8 bits (PS3.3, C.7.6.3.1.5)."""
    widest = np.iinfo(stored.dtype).max
    brightest = min(2 ** int(bits) - 1, widest)
    header_is_right = stored.max() <= brightest
    return to_grey(stored, 0, brightest if header_is_right else widest)


def grey(stored: np.ndarray, settings: Dataset, chosen: Window | None) -> Decoded:
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
    first, last = (first_number(settings, f"PixelPadding{n}") for n in ("Value", "RangeLimit"))
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
    slope, intercept = (first_number(settings, f"Rescale{n}") for n in ("Slope", "Intercept"))
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
    centre, width = (first_number(settings, f"Window{name}") for name in ("Center", "Width"))
    if centre is None or width is None or width <= 0:
        return shown(values, chosen, percentile_window(values))
    centre, width = window = chosen or (centre, width)
    function = settings.get("VOILUTFunction") or "LINEAR"
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            pixels = to_grey(1 / (1 + np.exp(-4 * (values - centre) / width)), 0, 1)
    else:
        if function == "LINEAR" and width > 1:
            centre, width = centre - 0.5, width - 1
        pixels = to_grey(values, centre - width / 2, centre + width / 2)
    return Decoded(to_rgb(pixels), window, levels_of(values))


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


def aspect(settings: Dataset) -> float:
    """How many times as high as wide a pixel is, 1 where that is not told."""
    for name in ("PixelSpacing", "PixelAspectRatio"):
        lengths = _numbers(settings, name)
        if len(lengths) == 2 and all(0 < length < math.inf for length in lengths):
            return lengths[0] / lengths[1]
    return 1.0


def first_number(settings: Dataset, name: str) -> float | None:
    """The first value of an element; none where it has no finite one."""
    number = next(iter(_numbers(settings, name)), math.nan)
    return number if math.isfinite(number) else None


def _numbers(settings: Dataset, name: str) -> list[float]:
    """The values of an element; an empty one is no number."""
    value = settings.get(name)
    several = [value] if isinstance(value, str | float | int) else list(value or [])
    return [math.nan if number == "" else float(number) for number in several]
