"""Copies are found however they were changed; different slices are left apart."""

import re
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.data.duplicates import (
    SAME_SLICE,
    audit,
    find_copies,
    group_near_copies,
    leakage,
)
from core.data.index import Dataset, Entry, index_folder
from core.data.resemblance import likeness, most_alike, portray
from core.imaging.views import make_view, view_rng
from core.protocols import REPORT

SIDE = 160


def head(seed: int) -> np.ndarray:
    """A made slice: a bright rim around folds that are different for every seed."""
    rng = np.random.default_rng(seed)
    folds = cv2.GaussianBlur(rng.normal(size=(SIDE, SIDE)), (0, 0), 4)
    folds = 120 + 60 * folds / folds.std()
    rows, columns = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    radius = np.hypot(rows / 0.85, columns / 0.7)
    grey = np.where(radius < 0.9, folds, np.where(radius < 1, 230, 0))
    return np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def recompressed(pixels: np.ndarray) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "jpeg", quality=25)
    return np.asarray(Image.open(file))


CHANGES = {
    "mirrored": lambda p: p[:, ::-1],
    "upside down": lambda p: p[::-1],
    "quarter turn": np.rot90,
    "transposed": lambda p: p.transpose(1, 0, 2),
    "darker": lambda p: (p * 0.4).astype(np.uint8),
    "brighter, less contrast": lambda p: (60 + p * 0.7).astype(np.uint8),
    "recompressed": recompressed,
    "half the size": lambda p: cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "twice as wide": lambda p: cv2.resize(p, None, fx=2, fy=1, interpolation=cv2.INTER_CUBIC),
    "cut at the edges": lambda p: p[20:-10, 14:-20],
    "noisy": lambda p: (
        (p + np.random.default_rng(5).normal(0, 6, p.shape)).clip(0, 255).astype("u1")
    ),
    "a random view": lambda p: make_view(p, REPORT.augmentation, view_rng(7, "a", 1)),
    "mirrored, turned, darker, recompressed": lambda p: recompressed(
        (np.rot90(p[:, ::-1]) * 0.5).astype(np.uint8)
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_is_the_same_slice(change):
    for seed in range(3):
        pixels = head(seed)
        changed = CHANGES[change](pixels)
        score = likeness(portray(pixels), portray(np.ascontiguousarray(changed)), SAME_SLICE)
        assert score >= SAME_SLICE
        assert score <= 1 + 1e-6


def test_different_slices_are_different():
    portraits = [portray(head(seed)) for seed in range(8)]
    scores = [likeness(one, other) for one in portraits for other in portraits if one is not other]
    assert max(scores) < 0.6


def tilted(pixels: np.ndarray) -> np.ndarray:
    """Turned by more than what is looked for at a glance."""
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 25, 1)
    return cv2.warpAffine(pixels, turn, (SIDE, SIDE))


def test_a_thorough_look_finds_what_a_glance_gives_up():
    one, other = portray(head(4)), portray(tilted(head(4)))
    assert likeness(one, other, SAME_SLICE) < SAME_SLICE
    assert likeness(one, other, SAME_SLICE, thorough=True) >= SAME_SLICE
    strangers = [portray(head(seed)) for seed in range(5, 11)]
    assert max(likeness(other, each, thorough=True) for each in strangers) < 0.65


def test_a_picture_left_over_is_looked_at_thoroughly_beside_a_crowd(tmp_path):
    crowd = [head(4), head(4)[:, ::-1], np.rot90(head(4)), (head(4) * 0.5).astype(np.uint8)]
    files = {f"no/{number}.png": pixels for number, pixels in enumerate(crowd)}
    files |= {"no/tilted.png": tilted(head(4)), "yes/5.png": head(5), "yes/6.png": head(6)}
    dataset = index_folder(save(tmp_path, files))
    groups = find_copies(tmp_path, dataset.entries).groups
    assert list(groups.values()) == [0, 0, 0, 0, 0, 1, 2]


@pytest.mark.parametrize("level", [0, 128, 255])
def test_pictures_with_nothing_in_them_resemble_nothing(level):
    blank = portray(np.full((50, 60, 3), level, np.uint8))
    assert likeness(blank, portray(head(1))) < 0.3
    assert likeness(blank, blank) < 0.3
    assert likeness(portray(np.zeros((1, 1, 3), np.uint8)), blank) < 0.3


def test_the_most_alike_come_first():
    pictures = [head(seed) for seed in range(6)] + [head(2)[:, ::-1]]
    found = most_alike([portray(picture) for picture in pictures], 3)
    assert found.shape == (7, 3)
    assert found[2, 0] == 6
    assert found[6, 0] == 2
    assert all(number not in row for number, row in enumerate(found))
    assert most_alike([portray(head(0))], 3).shape == (1, 0)
    assert most_alike([], 3).shape == (0, 0)


def save(root: Path, files: dict[str, np.ndarray]) -> Path:
    for name, pixels in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(pixels)).save(root / name)
    return root


@pytest.fixture
def split(tmp_path):
    """Copies across parts, across classes, exact and changed."""
    return save(
        tmp_path,
        {
            "train/no/0.png": head(0),
            "train/no/1.png": head(1),
            "train/yes/2.png": head(2),
            "train/yes/3.png": head(3),
            "valid/no/1 mirrored.png": head(1)[:, ::-1],
            "valid/no/4.png": head(4),
            "valid/yes/5.png": head(5),
            "test/no/6.png": head(6),
            "test/no/again 2.bmp": head(2),
            "test/yes/3 turned.png": np.rot90(head(3)),
            "test/yes/3 darker.png": (head(3) * 0.5).astype(np.uint8),
        },
    )


def test_the_audit_of_a_leaky_split(split):
    dataset = index_folder(split)
    seen = []
    copies = find_copies(split, dataset.entries, progress=lambda *step: seen.append(step))
    found = audit(dataset, copies)
    assert found.scans == 11
    assert found.distinct == 7
    assert found.exact_copies == (("test/no/again 2.bmp", "train/yes/2.png"),)
    assert {frozenset(group) for group in found.near_copies} == {
        frozenset({"train/no/1.png", "valid/no/1 mirrored.png"}),
        frozenset({"train/yes/2.png", "test/no/again 2.bmp"}),
        frozenset({"train/yes/3.png", "test/yes/3 turned.png", "test/yes/3 darker.png"}),
    }
    assert found.across_classes == (("test/no/again 2.bmp", "train/yes/2.png"),)
    assert set(found.across_parts) == set(found.near_copies)
    assert found.leakage == {"validation": pytest.approx(1 / 3), "test": pytest.approx(3 / 4)}
    assert seen[-1] == (22, 22)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {match.likeness for match in copies.matches if match.second == "train/yes/2.png"} == {1}


def test_a_folder_without_copies_or_split(tmp_path):
    save(tmp_path, {f"{'yes' if n % 2 else 'no'}/{n}.png": head(n) for n in range(6)})
    dataset = index_folder(tmp_path)
    found = audit(dataset, find_copies(tmp_path, dataset.entries))
    assert found.distinct == found.scans == 6
    assert found.leakage is None
    for groups in (found.near_copies, found.exact_copies, found.across_classes, found.across_parts):
        assert groups == ()


def test_groups_are_numbered_by_first_appearance_whatever_the_order(split):
    entries = index_folder(split).entries
    groups = group_near_copies(split, entries)
    assert list(groups) == [entry.file for entry in entries]
    assert list(dict.fromkeys(groups.values())) == list(range(7))
    backwards = group_near_copies(split, entries[::-1])
    assert {frozenset(f for f in groups if groups[f] == g) for g in groups.values()} == {
        frozenset(f for f in backwards if backwards[f] == g) for g in backwards.values()
    }
    assert group_near_copies(split, []) == {}
    assert group_near_copies(split, entries[:1]) == {entries[0].file: 0}


def test_leakage_counts_pictures_with_a_copy_in_train():
    table = pd.DataFrame(
        {
            "group": [1, 2, 3, 1, 4, 2, 3, 9],
            "split": ["train"] * 3 + ["validation"] * 2 + ["test"] * 3,
        }
    )
    assert leakage(table) == {"validation": 0.5, "test": pytest.approx(2 / 3)}
    assert leakage(table[:3]) == {"validation": 0, "test": 0}


def test_the_real_originals_have_the_copies_that_eyes_find(shared):
    dataset = index_folder(shared / "data" / "brain_tumor_dataset", already_cropped=False)
    found = audit(dataset, find_copies(dataset.root, dataset.entries))
    groups = {frozenset(Path(file).stem for file in group) for group in found.near_copies}
    assert len(groups) == 33
    assert found.distinct == 179
    # An exact copy, one that was cut out and zoomed, two that were stretched, a family of four.
    for group in ("N_2 N_42", "N_29 N_50", "Y_10 Y_82", "N_17 N_34", "Y_67 Y_104 Y_124 Y_139"):
        assert frozenset(group.split()) in groups
    assert found.across_classes == ()


def test_views_made_by_others_are_found_in_the_real_split(shared):
    """A sample of the real split: the parts of twenty-five originals, by the names of the files.

    The names tell the truth and are not looked at by the audit.
    """
    dataset = index_folder(shared / "data" / "report_split", already_cropped=True)
    origin = {e.file: re.search(r"aug_([YN]_\d+)_", e.file)[1] for e in dataset.entries}
    wanted = sorted(set(origin.values()))[::9]
    entries: list[Entry] = [e for e in dataset.entries if origin[e.file] in wanted]
    sample = Dataset(dataset.root, tuple(entries), (), dataset.classes, True, True)
    copies = find_copies(sample.root, sample.entries)
    for group in copies.near():
        assert len({origin[file] for file in group}) == 1
    leaked = audit(sample, copies).leakage
    trained = {origin[e.file] for e in entries if e.part == "train"}
    assert all(origin[e.file] in trained for e in entries)
    assert leaked["test"] > 0.95
    assert leaked["validation"] > 0.95
