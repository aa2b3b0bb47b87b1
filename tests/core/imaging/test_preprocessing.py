"""The one path from a scan to the network's input."""

import cv2
import numpy as np
import pytest
from PIL import Image

from core.config import Input
from core.imaging.cropping import Box, find_brain
from core.imaging.preprocessing import prepare, scale
from core.imaging.views import make_view, view_rng
from core.protocols import LEAKFREE, REPORT

STORED = LEAKFREE.with_settings({"input.levels": "stored"})
LETTERBOX = LEAKFREE.model_copy(update={"input": Input(size=96, fit="letterbox")})


@pytest.fixture(scope="module")
def scan(shared):
    file = shared / "data" / "brain_tumor_dataset" / "yes" / "Y_37.jpg"
    return np.asarray(Image.open(file).convert("RGB"))


def test_the_square_is_the_bicubic_crop(scan):
    prepared = prepare(scan, REPORT)
    box = find_brain(scan, REPORT.crop)
    assert prepared.box == box
    assert prepared.shape == scan.shape[:2]
    assert prepared.content == Box(0, 0, 240, 240)
    crop = np.ascontiguousarray(scan[box.top : box.bottom, box.left : box.right])
    expected = cv2.resize(crop, (240, 240), interpolation=cv2.INTER_CUBIC)
    assert np.array_equal(prepared.pixels, expected)


def test_a_picture_cropped_already_is_not_cropped_again(scan):
    prepared = prepare(scan, REPORT, cropped_already=True)
    height, width = scan.shape[:2]
    assert (prepared.box.left, prepared.box.top) == (0, 0)
    assert (prepared.box.right, prepared.box.bottom) == (width, height)
    assert prepared.box.fallback is None


def test_the_report_makes_views_before_the_crop(scan):
    prepared = prepare(scan, REPORT, view=3, sha256="abc")
    view = make_view(scan, REPORT.augmentation, view_rng(REPORT.seed, "abc", 3))
    assert np.array_equal(prepared.pixels, prepare(view, REPORT).pixels)


def test_leakfree_makes_views_after_the_crop(scan):
    prepared = prepare(scan, STORED, view=3, sha256="abc")
    assert prepared.box == prepare(scan, STORED).box
    crop = prepared.box.cut(scan)
    view = make_view(crop, STORED.augmentation, view_rng(STORED.seed, "abc", 3))
    expected = prepare(view, STORED, cropped_already=True)
    assert np.array_equal(prepared.pixels, expected.pixels)


def test_preparing_twice_gives_the_same_and_leaves_the_scan_alone(scan):
    before = scan.copy()
    first, again = (prepare(scan, LEAKFREE, view=1, sha256="x") for _ in range(2))
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(scan, before)
    assert first.pixels.dtype == np.uint8
    assert first.pixels.shape == (240, 240, 3)


@pytest.mark.parametrize(
    ("shape", "content"),
    [
        ((50, 100), Box(0, 24, 96, 72)),
        ((100, 50), Box(24, 0, 72, 96)),
        ((64, 64), Box(0, 0, 96, 96)),
        ((1, 5000), Box(0, 47, 96, 48)),
    ],
)
def test_a_letterbox_keeps_proportions_between_black_bars(shape, content):
    prepared = prepare(np.full((*shape, 3), 200, np.uint8), LETTERBOX, cropped_already=True)
    assert prepared.content == content
    bars = prepared.pixels.copy()
    assert (content.cut(bars) == 200).all()
    content.cut(bars)[...] = 0
    assert not bars.any()


def test_unit_scaling_is_rgb_over_255():
    pixels = np.array([[[255, 0, 51]]], np.uint8)
    scaled = scale(pixels, "unit")
    assert scaled.dtype == np.float32
    assert scaled[0, 0] == pytest.approx([1, 0, 0.2])


def test_imagenet_scaling_is_what_keras_does():
    from keras.applications.vgg19 import preprocess_input

    pixels = np.random.default_rng(1).integers(0, 256, (2, 8, 8, 3), np.uint8)
    scaled = scale(pixels, "imagenet")
    assert scaled.dtype == np.float32
    expected = preprocess_input(pixels.astype(np.float32), data_format="channels_last")
    assert scaled == pytest.approx(expected, abs=1e-4)
    one = scale(pixels[0], "imagenet")
    assert np.array_equal(one, scaled[0])


def test_percentile_levels_make_one_of_a_dim_and_a_bright_scan(scan):
    spread = LEAKFREE.model_copy(
        update={"input": LEAKFREE.input.model_copy(update={"levels": "percentile"})}
    )
    plain, dim = (
        prepare(pixels, spread, cropped_already=True).pixels
        for pixels in (scan, np.rint(scan * 0.5 + 20).astype(np.uint8))
    )
    assert np.percentile(plain, 0.5) == 0
    assert np.percentile(plain, 99.5) >= 250
    assert np.abs(plain.astype(int) - dim).mean() < 2
    flat = np.full((40, 40, 3), 77, np.uint8)
    assert (prepare(flat, spread, cropped_already=True).pixels == 77).all()


def test_a_few_hot_pixels_do_not_darken_a_scan(scan):
    """Of an artefact in a corner, half a per cent of the picture."""
    spread = LEAKFREE.with_settings({"input.levels": "percentile", "input.upright": False})
    dim = scan // 2
    hot = dim.copy()
    side = round((0.005 * dim.shape[0] * dim.shape[1]) ** 0.5)
    hot[:side, :side] = 255
    plain, spoilt = (
        prepare(pixels, spread, cropped_already=True).pixels.astype(int) for pixels in (dim, hot)
    )
    assert spoilt[:5, :5].min() == 255
    rest = np.abs(plain - spoilt)[240 * (side + 4) // dim.shape[0] :]
    assert rest.mean() < 3
