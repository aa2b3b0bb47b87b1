"""Writing beside a head, and heads without any."""

import time

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from core.imaging import lettering
from core.imaging.lettering import has_lettering


def head(seed=0, side=256):
    """A textured ellipse on black, as a picture to draw on."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side - 0.5
    coarse = Image.fromarray(rng.integers(60, 200, (24, 24)).astype(np.uint8))
    texture = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
    inside = (x / 0.36) ** 2 + (y / 0.40) ** 2 < 1
    return Image.fromarray(np.where(inside, texture, 4).astype(np.uint8)).convert("RGB")


def write(image, text, at, size=14, fill=(255, 255, 255)):
    ImageDraw.Draw(image).text(at, text, fill=fill, font=ImageFont.load_default(size=size))
    return np.asarray(image)


@pytest.mark.parametrize("at", [(4, 3), (120, 3), (4, 238), (120, 238)])
@pytest.mark.parametrize("text", ["DOE^JANE 1950", "ID 483920"])
def test_a_name_at_a_border_is_found(at, text):
    assert has_lettering(write(head(), text, at))


@pytest.mark.parametrize("text", ["SMITH, JOHN", "H E L L O"])
def test_writing_on_a_bright_ground_is_found(text):
    """Letters that stand apart are found as such alone, and not by the gaps between them."""
    page = 255 - np.asarray(head())
    assert has_lettering(write(Image.fromarray(page), text, (4, 3), fill=(0, 0, 0)))


@pytest.mark.parametrize("seed", range(6))
def test_a_head_alone_has_none(seed):
    assert not has_lettering(np.asarray(head(seed)))


def test_a_side_mark_alone_names_nobody():
    assert not has_lettering(write(head(), "R", (8, 100)))


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (2000, 40), (9, 9), (15, 32_000)])
def test_any_size_is_looked_at(shape):
    assert not has_lettering(np.zeros((*shape, 3), np.uint8))


def test_rows_are_made_quickly_of_thousands_of_specks():
    """Each on a level of its own, so that each is a row: as noise has them, and worse."""
    specks = np.array([[n // 2, 20 * n, 4, 6] for n in range(4000)], np.int32)
    start = time.perf_counter()
    assert lettering._longest_row(specks) == 1
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("count", [0, 1, 3, 4, 9])
def test_letters_of_one_row_are_counted_as_far_as_it_matters(count):
    letters = np.array([[10 * n, 50 - n % 2, 7, 10] for n in range(count)], np.int32)
    among = np.array([[15 * n, 300 + 40 * n, 7, 10] for n in range(5)], np.int32)
    boxes = np.concatenate([letters.reshape(-1, 4), among])[::-1]
    assert lettering._longest_row(boxes) == min(max(count, 1), lettering.LETTERS)


def test_writing_is_found_on_real_scans(shared):
    """As often as docs/refusal.md says."""
    files = sorted((shared / "data" / "brain_tumor_dataset").glob("*/*"))[::4]
    pictures = [Image.open(file).convert("RGB") for file in files]
    before = [has_lettering(np.asarray(picture)) for picture in pictures]
    assert sum(before) <= 0.1 * len(files)
    found = 0
    for picture in pictures:
        corner = np.asarray(picture.convert("L"))[:20, :60]
        dark = np.median(corner) < 128
        fill = (255,) * 3 if dark else (0,) * 3
        found += has_lettering(write(picture, "DOE^JANE 1950", (3, 2), 13, fill))
    assert found >= 0.8 * len(files)
