"""The demonstration set: what it holds, and that it teaches what it should."""

import cv2
import numpy as np
import pytest

from core.data.demo import make_demonstration, samples
from core.data.duplicates import group_near_copies
from core.data.index import index_folder
from core.data.phantom import SIZE
from core.imaging.cropping import find_brain
from core.protocols import DEMO

COUNT = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demonstration")
    make_demonstration(folder, count=COUNT)
    return folder


def grey(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.png")}


def test_it_is_a_data_set_of_two_classes(folder):
    dataset = index_folder(folder / "scans", already_cropped=False)
    assert dataset.counts() == {"no_tumour": COUNT // 2, "tumour": COUNT // 2}
    assert dataset.positive == "tumour"
    assert not dataset.unreadable
    assert not dataset.already_split


def test_no_two_scans_are_taken_for_copies(folder):
    dataset = index_folder(folder / "scans", already_cropped=False)
    groups = group_near_copies(folder / "scans", dataset.entries)
    assert len(set(groups.values())) == COUNT


def test_scans_are_grey_pictures_with_a_head_to_crop_to(folder):
    for path in [*folder.glob("scans/*/*.png"), *samples(folder)]:
        pixels = grey(path)
        assert pixels.shape == (SIZE, SIZE)
        assert pixels.dtype == np.uint8
        box = find_brain(np.repeat(pixels[..., None], 3, axis=2), DEMO.crop)
        assert box.fallback is None
        assert 0.4 < box.area / pixels.size < 0.98


def test_masks_belong_to_the_scans_with_a_mass_and_to_no_other(folder):
    ill = {path.name for path in folder.glob("scans/tumour/*")}
    kept = {path.name for path in folder.glob("masks/scan*.png")}
    assert kept == ill
    for name in ill:
        mask = grey(folder / "masks" / name)
        assert set(np.unique(mask)) == {0, 255}
        assert 0.003 < (mask > 0).mean() < 0.15


def test_a_mass_stands_out_within_the_head(folder):
    for path in folder.glob("scans/tumour/*"):
        pixels, mask = grey(path), grey(folder / "masks" / path.name) > 0
        around = cv2.dilate(mask.astype(np.uint8), np.ones((61, 61))) - mask > 0
        assert pixels[around].mean() > 20
        assert np.percentile(pixels[mask], 75) > 1.2 * np.median(pixels[around])


def test_some_samples_are_kept_out_of_the_data_set(folder):
    kept = samples(folder)
    assert [path.name for path in kept] == [f"sample{n}.png" for n in range(1, 7)]
    assert sum((folder / "masks" / path.name).is_file() for path in kept) == 3
    assert not set(contents(folder / "samples").values()) & set(contents(folder / "scans").values())


def test_samples_of_a_folder_without_a_demonstration(tmp_path):
    assert samples(tmp_path) == []


def test_the_seed_decides_every_byte(folder, tmp_path):
    make_demonstration(tmp_path / "again", count=2)
    again, first = contents(tmp_path / "again"), contents(folder)
    assert len(again) == 2 + 1 + 6 + 3
    assert all(first[name] == data for name, data in again.items())
    make_demonstration(tmp_path / "other", seed=8, count=2)
    other = contents(tmp_path / "other")
    assert not set(other.values()) & set(first.values())


def test_it_is_made_once_and_made_again_when_it_was_left_unfinished(tmp_path):
    scans = make_demonstration(tmp_path, count=4)
    told = []
    assert make_demonstration(tmp_path, count=4, progress=lambda *step: told.append(step)) == scans
    assert told == []
    (tmp_path / "about.json").unlink()
    make_demonstration(tmp_path, count=2, progress=lambda *step: told.append(step))
    assert told[-1] == (8, 8)
    assert len(list(scans.glob("*/*.png"))) == 2
