"""When there is no answer, and that real scans get one."""

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from core.explanation.gate import SMALLEST_SIDE, judge


def grey(values):
    return np.repeat(np.asarray(values, np.uint8)[..., None], 3, axis=2)


@pytest.fixture
def head():
    """A bright disc with a darker middle on black: as much as the rules look at."""
    y, x = np.mgrid[:128, :128] - 64
    radius = np.hypot(x, y)
    return grey(np.where(radius < 50, 90 + 80 * (radius > 42), 0))


def test_a_head_is_answered_for(head):
    assert judge(head) is None


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_picture_is_blank(level):
    assert judge(grey(np.full((100, 100), level))).startswith("Blank")


def test_a_few_bright_dots_are_still_blank():
    pixels = np.zeros((100, 100))
    pixels[50, 50:60] = 255
    assert judge(grey(pixels)).startswith("Blank")


def test_a_small_picture_is_refused_with_its_size(head):
    reason = judge(head[: SMALLEST_SIDE - 1])
    assert reason.startswith("Too small")
    assert f"128 × {SMALLEST_SIDE - 1}" in reason
    assert judge(head[8 : 8 + 2 * SMALLEST_SIDE]) is None


@pytest.mark.parametrize("kind", ["even", "normal", "salt and pepper"])
def test_noise_is_refused(kind):
    rng = np.random.default_rng(0)
    pixels = {
        "even": rng.integers(0, 256, (128, 128)),
        "normal": rng.normal(128, 40, (128, 128)).clip(0, 255),
        "salt and pepper": 255 * rng.integers(0, 2, (128, 128)),
    }[kind]
    assert judge(grey(pixels)).startswith("Noise")


def test_a_noisy_head_is_answered_for(head):
    noise = np.random.default_rng(0).normal(0, 15, head.shape[:2])
    assert judge(grey((head[..., 0] + noise).clip(0, 255))) is None


@pytest.mark.parametrize("number", [0, 1])
def test_colour_photographs_are_refused(number):
    assert judge(load_sample_images().images[number]).startswith("In colour")


def test_a_coloured_mark_on_a_scan_is_no_reason(head):
    head[60:66, 30:90] = (255, 255, 0)
    assert judge(head) is None


def test_every_real_scan_is_answered_for(shared):
    files = sorted((shared / "data" / "brain_tumor_dataset").glob("*/*"))
    assert len(files) > 200
    refused = {
        file.name: reason
        for file in files
        if (reason := judge(np.asarray(Image.open(file).convert("RGB"))))
    }
    assert refused == {}
