"""When there is no answer, and that real scans get one."""

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from core.explanation.gate import SMALLEST_SIDE, judge, judge_distance, judge_tags


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
    assert judge(head[:, : SMALLEST_SIDE - 1]).startswith("Too small")
    assert judge(head[: SMALLEST_SIDE + 8, : SMALLEST_SIDE + 8]) is None


@pytest.mark.parametrize("kind", ["even", "normal", "salt and pepper"])
def test_noise_is_refused(kind):
    rng = np.random.default_rng(0)
    pixels = {
        "even": rng.integers(0, 256, (128, 128)),
        "normal": rng.normal(128, 40, (128, 128)).clip(0, 255),
        "salt and pepper": 255 * rng.integers(0, 2, (128, 128)),
    }[kind]
    assert judge(grey(pixels)).startswith("Noise")


@pytest.mark.parametrize("across", [True, False])
def test_noise_that_is_even_one_way_is_refused(across):
    lines = np.random.default_rng(0).integers(0, 256, (1, 128)).repeat(128, axis=0)
    assert judge(grey(lines if across else lines.T)).startswith("Noise")


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


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({}, None),
        ({"Modality": "MR"}, None),
        ({"Modality": "OT"}, None),
        ({"Modality": "SC"}, None),
        ({"Modality": "CT"}, "Not MR: the file says that its modality is CT."),
        ({"Modality": "MR", "BodyPartExamined": "BRAIN"}, None),
        ({"BodyPartExamined": "NECK"}, None),
        (
            {"Modality": "MR", "BodyPartExamined": "KNEE"},
            "Not a brain: the file says that it shows KNEE.",
        ),
    ],
)
def test_a_file_is_taken_at_its_word(tags, said):
    assert judge_tags(tags) == said


@pytest.mark.parametrize("distance", [None, 0.0, 1.0])
def test_what_is_as_near_as_training_scans_are_is_answered_for(distance):
    assert judge_distance(distance) is None


def test_what_is_farther_is_refused_with_how_far():
    assert judge_distance(1.01).startswith("Unlike the training scans")
    assert "2.50 times as far" in judge_distance(2.5)
