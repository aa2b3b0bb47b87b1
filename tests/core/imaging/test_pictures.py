"""Ordinary pictures."""

import struct
import tracemalloc
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter

from core.errors import UnreadableScan
from core.imaging.scans import open_scan, read_scan

pytestmark = pytest.mark.filterwarnings("ignore:Image size")


def saved(image, format, **options):
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def read(image, format, **options):
    return read_scan(saved(image, format, **options), "a").pixels


@pytest.fixture
def colours():
    return Image.fromarray(np.random.default_rng(2).integers(0, 256, (20, 30, 3), np.uint8))


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM"])
def test_exact_formats_are_exact(colours, format):
    scan = read_scan(saved(colours, format), "a")
    assert np.array_equal(scan.pixels, np.asarray(colours))
    assert (scan.format, scan.slices, scan.tags) == (format.lower(), 1, {})


@pytest.mark.parametrize(("format", "mode"), [("JPEG", "RGB"), ("JPEG", "CMYK"), ("WEBP", "RGB")])
def test_lossy_formats_are_as_pillow_shows_them(colours, format, mode):
    data = saved(colours.convert(mode), format)
    expected = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
    assert np.array_equal(read_scan(data, "a").pixels, expected)


def test_alpha_is_laid_over_black():
    image = Image.new("RGBA", (3, 2), (200, 100, 50, 128))
    image.putpixel((0, 0), (255, 255, 255, 0))
    pixels = read(image, "PNG")
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert np.abs(pixels[1, 2] - np.array([100.4, 50.2, 25.1])).max() < 1


def test_a_transparent_palette_entry_is_black_and_others_keep_their_colour():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 150, 100])
    image.putdata([0, 1])
    pixels = read(image, "PNG", transparency=0)
    assert pixels.tolist() == [[[0, 0, 0], [200, 150, 100]]]


def test_one_bit_and_grey_with_alpha():
    bits = Image.new("1", (2, 1))
    bits.putpixel((1, 0), 1)
    assert read(bits, "PNG")[0, :, 0].tolist() == [0, 255]
    grey = Image.new("LA", (1, 1), (200, 0))
    assert read(grey, "PNG")[0, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("format", "type"), [("PNG", "u2"), ("TIFF", "u2"), ("TIFF", "f4")])
def test_deep_greys_are_shown_by_their_own_range(format, type):
    """12 bits in 16: a division by 257 would leave the picture black."""
    ramp = np.linspace(0, 4095, 2000).reshape(40, 50)
    grey = read(Image.fromarray(ramp.astype(type)), format)[..., 0]
    expected = np.clip((ramp - 40.95) / (4095 * 0.98) * 255, 0, 255)
    assert np.abs(grey - expected).max() < 2
    assert np.array_equal(np.sort(grey.ravel()), grey.ravel())


def tiff(values, photometric, sample_format):
    """A TIFF of one strip, as Pillow does not write them."""
    height, width = values.shape
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    entries = {
        **{256: width, 257: height, 258: 8 * values.itemsize, 259: 1, 262: photometric},
        **{273: 8, 277: 1, 278: height, 279: len(data), 339: sample_format},
    }
    made = struct.pack("<2sHI", b"II", 42, 8 + len(data)) + data + struct.pack("<H", len(entries))
    for tag, value in entries.items():
        made += struct.pack("<HHII", tag, 4, 1, value)
    return made + bytes(4)


@pytest.mark.parametrize(
    ("type", "sample_format", "brightest"),
    [("u1", 1, 255), ("u2", 1, 65535), ("f4", 3, 65535)],
)
def test_a_tiff_that_stores_white_as_zero_is_shown_like_another(type, sample_format, brightest):
    ramp = np.linspace(0, brightest, 2000).astype(type).reshape(40, 50)
    black_is_zero = open_scan(tiff(ramp, 1, sample_format), "a").slice()
    white_is_zero = open_scan(tiff((brightest - ramp).astype(type), 0, sample_format), "a").slice()
    assert (white_is_zero.pixels[0, 0, 0], white_is_zero.pixels[-1, -1, 0]) == (0, 255)
    difference = white_is_zero.pixels.astype(int) - black_is_zero.pixels
    assert np.abs(difference).max() <= 1


def test_a_tiff_of_32_bits_without_a_sign():
    ramp = np.linspace(0, 4_000_000_000, 2000).astype("u4").reshape(40, 50)
    scan = open_scan(tiff(ramp, 1, 1), "a").slice()
    assert scan.levels == (0, 4_000_000_000)
    assert np.array_equal(np.sort(scan.pixels[..., 0].ravel()), scan.pixels[..., 0].ravel())
    below = (ramp.astype("i8") - 2_000_000_000).astype("i4")
    assert open_scan(tiff(below, 1, 2), "a").slice().levels == (-2_000_000_000, 2_000_000_000)


def test_float_pictures_may_hold_what_is_no_number():
    values = np.linspace(-1, 1, 600, dtype=np.float32).reshape(20, 30)
    values[0, 0], values[1, 1], values[2, 2] = np.nan, np.inf, -np.inf
    grey = read(Image.fromarray(values), "TIFF")[..., 0]
    assert (grey[0, 0], grey[1, 1], grey[2, 2]) == (0, 255, 0)
    assert grey[19, 29] == 255
    empty = read(Image.fromarray(np.full((4, 4), np.nan, np.float32)), "TIFF")
    assert not empty.any()


def test_exif_rotation_is_applied(colours):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to see it upright
    pixels = read(colours, "PNG", exif=exif)
    assert np.array_equal(pixels, np.rot90(np.asarray(colours), -1))


def test_pages_of_a_tiff_are_slices():
    pages = [Image.new("L", (4 + n, 5), 40 * n) for n in range(5)]
    file = open_scan(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "a")
    assert file.slices == 5
    assert file.slice().slice == 2
    assert [int(file.slice(n).pixels[0, 0, 0]) for n in range(5)] == [0, 40, 80, 120, 160]
    assert file.slice(4).pixels.shape == (5, 8, 3)


def test_a_damaged_page_costs_no_other():
    pages = [Image.new("L", (40, 50), 40 * n) for n in range(3)]
    options = {"save_all": True, "append_images": pages[1:], "compression": "tiff_deflate"}
    data = bytearray(saved(pages[0], "TIFF", **options))
    with Image.open(BytesIO(data)) as image:
        image.seek(1)
        (at,) = image.tag_v2[273]
    data[at : at + 4] = bytes(4)
    file = open_scan(bytes(data), "a")
    assert [int(file.slice(n).pixels[0, 0, 0]) for n in (0, 2)] == [0, 80]
    with pytest.raises(UnreadableScan, match="slice 1 of 0 to 2: the TIFF picture is damaged"):
        file.slice()


@pytest.mark.parametrize(
    ("reduced", "slices"),
    [
        ([0, 1], [0]),
        ([1, 0], [1]),
        ([0, 1, 0, 1, 2], [0, 2, 4]),  # 2: a page of several
        ([1, 1], [0, 1]),
    ],
)
def test_reduced_copies_in_a_tiff_are_no_slices(reduced, slices):
    buffer = BytesIO()
    with AppendingTiffWriter(buffer, new=True) as made:
        for number, kind in enumerate(reduced):
            page = Image.new("L", (4 + number, 5), 40 * number)
            page.save(made, "TIFF", tiffinfo={254: kind})
            made.newFrame()
    file = open_scan(buffer.getvalue(), "a")
    assert file.slices == len(slices)
    for index, number in enumerate(slices):
        pixels = file.slice(index).pixels
        assert pixels.shape == (5, 4 + number, 3)
        assert (pixels == 40 * number).all()


def test_two_pictures_in_a_jpeg_are_the_first(colours):
    data = saved(colours, "MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))])
    scan = read_scan(data, "a")
    assert (scan.format, scan.slices, scan.pixels.shape) == ("jpeg", 1, (20, 30, 3))


def test_an_animation_is_its_first_frame(colours):
    frames = [Image.new("RGB", (30, 20), "white")]
    scan = read_scan(saved(colours, "PNG", save_all=True, append_images=frames), "a")
    assert scan.slices == 1
    assert np.array_equal(scan.pixels, np.asarray(colours))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF"])
def test_half_a_picture_is_none(colours, format):
    data = saved(colours, format)
    with pytest.raises(UnreadableScan):
        read_scan(data[: len(data) // 2], "a")


def huge_png(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def huge_bmp(width, height):
    small = saved(Image.new("L", (4, 4)), "BMP")
    return small[:18] + struct.pack("<ii", width, height) + small[26:]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (huge_png(9000, 9000), "it declares 9,000 × 9,000 pixels"),
        (huge_png(60_000, 60_000), "it declares far too many pixels"),
        (huge_png(40_000, 1), "it declares 40,000 × 1 pixels"),
        (b"P5 30000 3000 255\n", "it declares 30,000 × 3,000 pixels"),
        (huge_bmp(9000, 9000), "it declares 9,000 × 9,000 pixels"),
    ],
    ids=["png", "bomb", "long", "ppm", "bmp"],
)
def test_declared_size_is_looked_at_before_anything_is_decoded(data, reason):
    tracemalloc.start()
    with pytest.raises(UnreadableScan) as caught:
        open_scan(data + b"\0" * 60, "a")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.reason.startswith(reason)
    assert peak < 2_000_000
