"""DICOM: pixels whatever they are coded, padded, coloured or spaced like."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from made_dicom import RAMP, between, grey, header, written
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from core.imaging.scans import read_scan


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "name",
    [
        *("MR_small_bigendian.dcm", "MR_small_expb.dcm", "MR_small_implicit.dcm"),
        *("MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm"),
        "MR_small_padded.dcm",
    ],
)
def test_every_coding_of_one_scan_gives_the_same_pixels(name):
    plain, coded = (
        read_scan(Path(str(get_testdata_file(n, download=False))).read_bytes(), n).pixels
        for n in ("MR_small.dcm", name)
    )
    assert np.array_equal(plain, coded)


@pytest.mark.parametrize(
    "name",
    [
        *("SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_jpeg_dcmtk.dcm"),
        *("SC_rgb_rle.dcm", "SC_rgb_rle_16bit.dcm", "SC_ybr_full_422_uncompressed.dcm"),
    ],
)
def test_colours_are_rgb_whatever_they_are_stored_as(name):
    """The test picture's bars, of which the first three are red, green and blue."""
    pixels = read_scan(Path(str(get_testdata_file(name, download=False))).read_bytes(), "a").pixels
    bars = pixels[5:95:10, 50].astype(int)
    assert np.abs(bars[0] - (255, 0, 0)).max() <= 6
    assert np.abs(bars[2] - (0, 255, 0)).max() <= 6
    assert np.abs(bars[4] - (0, 0, 255)).max() <= 6


def test_a_real_brain_keeps_the_orientation_of_its_file(shared):
    """No window in the header (centre and width are 0): percentiles of what is no padding (0)."""
    path = shared / "formats" / "brain_010.dcm"
    stored = pydicom.dcmread(path).pixel_array
    low, high = np.percentile(stored[stored != 0], (1, 99))
    shown = read_scan(path.read_bytes(), "a").pixels[..., 0]
    assert np.abs(shown - between(stored, low, high)).max() <= 0.51


def measures(*spacing):
    """Functional groups of an enhanced file that tell the size of a pixel."""
    group, inner = Dataset(), Dataset()
    inner.PixelSpacing = list(spacing)
    group.PixelMeasuresSequence = Sequence([inner])
    return Sequence([group])


@pytest.mark.parametrize(
    ("told", "size"),
    [
        ({}, (20, 50)),
        ({"PixelSpacing": [0.5, 0.5], "PixelAspectRatio": [2, 1]}, (20, 50)),
        ({"PixelSpacing": [2.0, 1.0]}, (40, 50)),
        ({"PixelSpacing": [1.0, 1.5]}, (20, 75)),
        ({"PixelAspectRatio": [2, 1]}, (40, 50)),
        ({"PixelSpacing": None, "PixelAspectRatio": [2, 1]}, (40, 50)),
        ({"PixelSpacing": [0, 1.0]}, (20, 50)),
        ({"PixelSpacing": [1.0]}, (20, 50)),
        ({"PixelSpacing": [1000.0, 1.0]}, (20, 50)),
        ({"SharedFunctionalGroupsSequence": measures(2.0, 1.0)}, (40, 50)),
        ({"PerFrameFunctionalGroupsSequence": measures(1.0, 2.0)}, (20, 100)),
    ],
    ids=[
        *("nothing", "square", "high", "wide", "ratio alone", "empty spacing", "zero", "half"),
        *("damaged", "all frames", "one frame"),
    ],
)
def test_pixels_are_drawn_square(told, size):
    shown = grey(header(WindowCenter=500, WindowWidth=1000, **told))
    assert shown.shape == size
    assert (np.diff(shown.astype(int), axis=0) >= 0).all()


COLOURS = np.arange(60, dtype=np.uint8).reshape(4, 5, 3) * 4


@pytest.mark.parametrize("stored", [8, 10, 12, 16])
def test_colours_fill_as_many_bits_as_are_stored(stored):
    values = (COLOURS.astype(np.uint32) * (2**stored - 1) // 255).astype(np.uint16)
    scan = header(values.reshape(4, 15), Columns=5, BitsStored=stored, HighBit=stored - 1)
    scan.PhotometricInterpretation = "RGB"
    scan.SamplesPerPixel, scan.PlanarConfiguration = 3, 0
    shown = read_scan(written(scan), "a").pixels.astype(int)
    assert np.abs(shown - COLOURS).max() <= 1


@pytest.mark.parametrize(
    ("bits", "times"),
    [(8, 1), (16, 257), (8, 257)],
    ids=["8 in words of 16", "16", "more than it says"],
)
def test_palettes_fill_as_many_bits_as_they_say(bits, times):
    scan = header(COLOURS[..., 0].copy(), PhotometricInterpretation="PALETTE COLOR")
    palette = np.arange(256, dtype=np.uint16) * times
    for colour in ("Red", "Green", "Blue"):
        setattr(scan, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, bits])
        setattr(scan, f"{colour}PaletteColorLookupTableData", palette.astype("<u2").tobytes())
    assert np.abs(grey(scan).astype(int) - COLOURS[..., 0]).max() <= 1


def test_colours_are_drawn_square_as_well():
    scan = header(np.zeros((4, 12), np.uint8), PhotometricInterpretation="RGB", Columns=4)
    scan.SamplesPerPixel, scan.PlanarConfiguration = 3, 0
    scan.PixelSpacing = [2.0, 1.0]
    assert grey(scan).shape == (8, 4)


TABLE = Dataset()
TABLE.LUTDescriptor = [1000, 0, 8]
TABLE.add_new("LUTData", "US", [n // 4 for n in range(1000)])


@pytest.mark.parametrize("kind", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"WindowCenter": 500, "WindowWidth": 1000},
        {"WindowCenter": 500, "WindowWidth": 1000, "VOILUTFunction": "SIGMOID"},
        {"RescaleSlope": -1, "RescaleIntercept": 999},
        {"VOILUTSequence": Sequence([TABLE])},
    ],
    ids=["percentiles", "window", "sigmoid", "turned round", "table"],
)
@pytest.mark.parametrize(
    ("dtype", "ground", "padding"),
    [
        (np.int16, -2000, {"PixelPaddingValue": -2000}),
        (np.int16, -32768, {"PixelPaddingValue": -32768}),
        (np.uint16, 65535, {"PixelPaddingValue": 65535}),
        (np.int16, -1990, {"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1980}),
        (np.int16, -1990, {"PixelPaddingValue": -1980, "PixelPaddingRangeLimit": -2000}),
    ],
    ids=["below", "lowest", "highest", "range", "range from above"],
)
def test_padding_is_black_and_changes_nothing_else(kind, settings, dtype, ground, padding):
    inside = np.s_[2:18, 5:45]
    values = np.full(RAMP.shape, ground, dtype)
    values[inside] = RAMP[inside]
    padded = written(header(values, PhotometricInterpretation=kind, **settings, **padding))
    scan = read_scan(padded, "a")
    without = header(RAMP[inside].astype(dtype), PhotometricInterpretation=kind, **settings)
    expected = np.zeros((*RAMP.shape, 3), np.uint8)
    alone = read_scan(written(without), "a")
    expected[inside] = alone.pixels
    assert np.array_equal(scan.pixels, expected)
    assert scan.levels == alone.levels


@pytest.mark.parametrize(
    ("stored", "declared"), [(12, 0xF830), (16, 0xF830)], ids=["unused bits", "other sign"]
)
def test_padding_is_known_by_its_bits(stored, declared):
    """-2000 in words of 16 bits, which the header writes down without a sign."""
    values = np.where(RAMP < 300, -2000, RAMP).astype(np.int16)
    scan = header(values, BitsStored=stored, HighBit=stored - 1)
    scan.add_new("PixelPaddingValue", "US", declared)
    shown = grey(scan)
    assert not shown[RAMP < 300].any()
    low, high = np.percentile(RAMP[RAMP >= 300], (1, 99))
    assert np.abs(shown - between(RAMP, low, high))[RAMP >= 300].max() <= 0.51


def test_a_picture_of_nothing_but_padding_is_black():
    scan = header(np.full((8, 8), 7, np.uint16), PixelPaddingValue=7)
    assert not grey(scan).any()


@pytest.mark.parametrize("kind", ["Float", "DoubleFloat"])
def test_floating_point_pixels_need_not_say_how_many_bits_are_stored(kind):
    """PS3.3, C.7.6.24 and C.7.6.25: their modules have no such element."""
    values = RAMP.astype(np.float32 if kind == "Float" else np.float64)
    scan = header(values)
    for name in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(scan, name)
    setattr(scan, f"{kind}PixelData", values.tobytes())
    scan.WindowCenter, scan.WindowWidth = 500, 1000
    np.testing.assert_allclose(grey(scan), between(values, 0, 1000), atol=1.5)
