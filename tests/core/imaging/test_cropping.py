"""Cropping to the brain."""

import cv2
import numpy as np
import pytest
from PIL import Image

from core.config import Crop
from core.imaging.cropping import Box, CropBox, find_brain, head_mask, whole


def picture_with(left, top, right, bottom, shape=(200, 160), level=200):
    pixels = np.zeros((*shape, 3), np.uint8)
    pixels[top:bottom, left:right] = level
    return pixels


def test_the_box_is_the_bright_thing_to_within_the_blur():
    box = find_brain(picture_with(30, 40, 120, 170), Crop())
    assert box.fallback is None
    expected = (30, 40, 120, 170)
    found = (box.left, box.top, box.right, box.bottom)
    assert np.abs(np.subtract(found, expected)).max() <= 1


def test_the_box_is_the_contour_s_extreme_points(shared):
    """The same answer as the method written out, on real scans."""
    for file in sorted((shared / "data" / "brain_tumor_dataset" / "no").iterdir())[:12]:
        pixels = np.asarray(Image.open(file).convert("RGB"))
        grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (5, 5), 0)
        mask = np.where(grey > 45, 255, 0).astype(np.uint8)
        mask = cv2.dilate(cv2.erode(mask, None, iterations=2), None, iterations=2)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        points = max(contours, key=cv2.contourArea)[:, 0]
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        assert find_brain(pixels, Crop()) == CropBox(left, top, right + 1, bottom + 1)


def test_only_the_largest_thing_counts_and_specks_are_eroded():
    pixels = picture_with(60, 60, 140, 180)
    pixels[5:30, 5:30] = 255
    pixels[190:193, 150:153] = 255
    box = find_brain(pixels, Crop())
    assert (box.left, box.top) >= (58, 58)
    assert box.bottom <= 182


def test_the_threshold_is_exclusive():
    at, above = picture_with(0, 0, 160, 200, level=45), picture_with(0, 0, 160, 200, level=46)
    assert find_brain(at, Crop()).fallback == "no contour"
    assert find_brain(above, Crop()).fallback is None


def test_darkness_falls_back_to_the_whole_picture():
    box = find_brain(np.zeros((50, 70, 3), np.uint8), Crop())
    assert box == CropBox(0, 0, 70, 50, "no contour")


def test_a_small_box_falls_back_to_the_whole_picture():
    box = find_brain(picture_with(10, 10, 40, 40), Crop())
    assert box == CropBox(0, 0, 160, 200, "contour under 10 % of the picture")
    lenient = find_brain(picture_with(10, 10, 40, 40), Crop(minimum_share=0.01))
    assert lenient.fallback is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (3, 4)])
def test_the_smallest_pictures_are_whole(shape):
    pixels = np.full((*shape, 3), 255, np.uint8)
    box = find_brain(pixels, Crop())
    assert (box.width, box.height) == (shape[1], shape[0])


def test_a_view_of_an_array_is_as_good_as_the_array():
    pixels = picture_with(30, 40, 120, 170)
    mirrored = find_brain(pixels[:, ::-1], Crop())
    straight = find_brain(pixels, Crop())
    assert (mirrored.left, mirrored.right) == (160 - straight.right, 160 - straight.left)


def test_boxes_know_their_size_and_cut():
    box = Box(2, 1, 5, 3)
    assert (box.width, box.height, box.area) == (3, 2, 6)
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    assert np.array_equal(box.cut(pixels), pixels[1:3, 2:5])
    assert whole(pixels, "why") == CropBox(0, 0, 6, 4, "why")


def test_head_is_what_the_crop_finds_with_its_dark_middle():
    side = 60
    y, x = np.mgrid[:side, :side] - side / 2
    disc = np.where(x**2 + y**2 < 20**2, 150, 0)
    disc[x**2 + y**2 < 8**2] = 0
    head = np.repeat(disc[..., None], 3, axis=-1).astype(np.uint8)
    mask = head_mask(head, Crop())
    box = find_brain(head, Crop())
    rows, columns = np.nonzero(mask)
    assert (columns.min(), rows.min()) == (box.left, box.top)
    assert (columns.max() + 1, rows.max() + 1) == (box.right, box.bottom)
    assert mask[side // 2, side // 2]
    assert mask.mean() == pytest.approx(np.pi * 20**2 / side**2, rel=0.15)


def test_all_of_a_picture_without_a_head_counts():
    assert head_mask(np.zeros((20, 30, 3), np.uint8), Crop()).all()
