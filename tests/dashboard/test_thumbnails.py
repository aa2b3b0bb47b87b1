"""Thumbnails: square, with what the crop keeps."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.config import Crop
from core.errors import UnreadableScan
from dashboard import resources
from dashboard.thumbnails import SIDE, SMALL, draw


def opened(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_the_crop_is_framed_and_the_rest_dimmed(tmp_path: Path):
    picture = np.full((100, 200), 40, np.uint8)
    picture[20:80, 60:140] = 200
    Image.fromarray(picture).save(tmp_path / "scan.png")
    plain, framed = (opened(draw(tmp_path / "scan.png", crop)) for crop in (None, Crop()))
    assert plain.shape == framed.shape == (SIDE, SIDE, 3)
    middle, corner = (SIDE // 2, SIDE // 2), (SIDE // 2 - 50, 20)
    assert abs(framed[middle] - plain[middle]).max() < 12
    assert framed[corner].max() < plain[corner].max()
    blueness = framed[..., 2] - framed[..., 0]
    assert blueness.max() > 60


def test_a_scan_without_a_brain_is_framed_in_another_colour(tmp_path: Path):
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(tmp_path / "black.png")
    framed = opened(draw(tmp_path / "black.png", Crop()))
    assert (framed[..., 0] - framed[..., 2]).max() > 60


def test_a_file_that_is_gone_leaves_an_empty_square_until_it_is_back(tmp_path: Path):
    def seen() -> int:
        return int(opened(resources.thumbnail(str(tmp_path), "gone.png", "digest", None)).max())

    with pytest.raises(UnreadableScan):
        draw(tmp_path / "gone.png", Crop())
    assert seen() == 0
    Image.fromarray(np.full((64, 64), 200, np.uint8)).save(tmp_path / "gone.png")
    assert seen() > 100


def test_in_a_list_it_is_the_same_picture_in_small(tmp_path: Path):
    picture = np.random.default_rng(1).integers(0, 255, (100, 200)).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "scan.png")
    alone, small = (draw(tmp_path / "scan.png", None, side) for side in (SIDE, SMALL))
    assert opened(small).shape == (SMALL, SMALL, 3)
    assert len(small) < len(alone) / 3
