"""Folders of labelled scans, made and real."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.data.index import (
    Entry,
    class_names,
    index_folder,
    infer_positive,
    read_pixels,
)
from core.errors import DatasetError
from core.imaging.reading import natural_key


def save(path: Path, seed: int = 0, size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def folder(tmp_path):
    for number in (10, 2, 1):
        save(tmp_path / "yes" / f"Y_{number}.png", number)
        save(tmp_path / "no" / f"N_{number}.png", 100 + number)
    return tmp_path


@pytest.mark.parametrize(
    ("positive", "negative"),
    [
        ("yes", "no"),
        ("tumor", "no_tumor"),
        ("Tumour", "No Tumour"),
        ("tumor", "notumor"),
        ("tumorous", "nontumorous"),
        ("positive", "negative"),
        ("1", "0"),
        ("class_1", "class_0"),
        ("Y", "N"),
        ("glioma", "healthy"),
        ("glioma", "no_tumor"),
        ("abnormal", "normal"),
        ("meningioma", "controls"),
        ("malignant", "benign"),
    ],
)
def test_the_positive_class_is_inferred_whatever_the_order(positive, negative):
    assert infer_positive([positive, negative]) == positive
    assert infer_positive([negative, positive]) == positive


@pytest.mark.parametrize(
    "names",
    [("cat", "dog"), ("glioma", "meningioma"), ("grade 1", "grade 2"), ("node", "edge")],
)
def test_names_that_do_not_tell_are_not_guessed(names):
    assert infer_positive(names) is None
    assert infer_positive(names[::-1]) is None


def test_natural_order_is_total_and_counts_numbers():
    assert sorted(["a10", "a2", "a1", "b", "10", "9"], key=natural_key) == [
        *("9", "10"),
        *("a1", "a2", "a10"),
        "b",
    ]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.text(max_size=12), max_size=8), st.randoms())
def test_any_names_have_one_order(names, random):
    ordered = sorted(names, key=natural_key)
    random.shuffle(names)
    assert sorted(names, key=natural_key) == ordered


def test_class_folders(folder):
    seen = []
    dataset = index_folder(folder, progress=lambda *step: seen.append(step))
    assert [entry.file for entry in dataset.entries] == [
        *("no/N_1.png", "no/N_2.png", "no/N_10.png"),
        *("yes/Y_1.png", "yes/Y_2.png", "yes/Y_10.png"),
    ]
    assert dataset.classes == ("no", "yes")
    assert dataset.positive == "yes"
    assert dataset.counts() == {"no": 3, "yes": 3}
    assert dataset.part_counts() is None
    assert not dataset.already_split
    entry = dataset.entries[0]
    assert (entry.height, entry.width, entry.label, entry.part) == (40, 30, "no", None)
    assert seen == [(done, 6) for done in range(1, 7)]


def test_split_folders_under_any_of_their_names(tmp_path):
    for part in ("Training", "valid", "testing"):
        for label in ("tumor", "notumor"):
            save(tmp_path / part / label / "patient 7" / "a.png", hash((part, label)) % 1000)
    (tmp_path / "notes").mkdir()
    save(tmp_path / "notes" / "picture.png")
    dataset = index_folder(tmp_path)
    assert dataset.already_split
    assert dataset.part_counts() == {
        part: {"notumor": 1, "tumor": 1} for part in ("train", "validation", "test")
    }
    assert {entry.part for entry in dataset.entries} == {"train", "validation", "test"}


def test_what_cannot_be_read_is_listed_with_a_reason(folder):
    (folder / "yes" / "empty.jpg").touch()
    (folder / "yes" / "notes.txt").write_text("not a scan")
    (folder / "yes" / "cut.png").write_bytes((folder / "yes" / "Y_1.png").read_bytes()[:200])
    (folder / "yes" / "gone.png").symlink_to(folder / "nowhere.png")
    os.mkfifo(folder / "no" / "pipe.png")
    (folder / "no" / os.fsdecode(b"caf\xe9.png")).write_bytes(b"?")
    (folder / "no" / "Thumbs.db").write_bytes(b"?")
    (folder / "no" / ".hidden.png").write_bytes(b"?")
    (folder / "no" / ".cache").mkdir()
    save(folder / "no" / ".cache" / "a.png")
    dataset = index_folder(folder)
    reasons = {item.file: item.reason for item in dataset.unreadable}
    assert set(reasons) == {
        *("yes/empty.jpg", "yes/notes.txt", "yes/cut.png", "yes/gone.png"),
        *("no/pipe.png", "no/caf?.png"),
    }
    assert reasons["yes/empty.jpg"] == "the file is empty"
    assert reasons["no/pipe.png"] == "not an ordinary file"
    assert reasons["no/caf?.png"] == "its name is not valid text"
    assert all(reasons.values())
    assert len(dataset.entries) == 6


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.binary(max_size=400))
def test_no_content_stops_the_index(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("wild")
    for label in ("yes", "no"):
        save(folder / label / "a.png", len(label))
    (folder / "yes" / "b.png").write_bytes(data)
    dataset = index_folder(folder)
    assert len(dataset.entries) + len(dataset.unreadable) == 3


def test_a_folder_without_two_classes_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no sub-folder"):
        index_folder(tmp_path)
    save(tmp_path / "scans" / "yes" / "a.png")
    save(tmp_path / "scans" / "no" / "a.png")
    with pytest.raises(DatasetError, match="inside 'scans', choose that folder"):
        index_folder(tmp_path)
    for name in ("glioma", "healthy", "other"):
        save(tmp_path / "three" / name / "a.png")
    with pytest.raises(DatasetError, match="holds 3: 'glioma', 'healthy', 'other'"):
        index_folder(tmp_path / "three")
    with pytest.raises(DatasetError, match="does not exist"):
        index_folder(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="is not one"):
        index_folder(tmp_path / "three" / "other" / "a.png")


def test_a_class_with_nothing_readable_is_refused(tmp_path):
    save(tmp_path / "yes" / "a.png")
    (tmp_path / "no").mkdir()
    (tmp_path / "no" / "a.png").touch()
    with pytest.raises(DatasetError, match="none of the 1 files of 'no'") as problem:
        index_folder(tmp_path)
    assert "the file is empty" in problem.value.remedy


def test_a_positive_class_that_cannot_be_inferred_is_asked_for(tmp_path):
    for name in ("cat", "dog"):
        save(tmp_path / name / "a.png")
    with pytest.raises(DatasetError, match="--positive cat or --positive dog"):
        index_folder(tmp_path)
    assert index_folder(tmp_path, "DOG").classes == ("cat", "dog")
    with pytest.raises(DatasetError, match="'bird' was given"):
        index_folder(tmp_path, "bird")


def test_folders_of_masks_are_no_class(folder):
    save(folder / "masks" / "Y_1.png")
    assert class_names(folder) == ["no", "yes"]
    assert index_folder(folder).counts() == {"no": 3, "yes": 3}


def test_a_file_that_changed_is_not_read(folder):
    entry: Entry = index_folder(folder).entries[0]
    assert read_pixels(folder, entry.file, entry.sha256).shape == (40, 30, 3)
    save(folder / entry.file, seed=99)
    with pytest.raises(DatasetError, match="has changed since"):
        read_pixels(folder, entry.file, entry.sha256)
    (folder / entry.file).unlink()
    with pytest.raises(DatasetError, match="cannot be read any more"):
        read_pixels(folder, entry.file, entry.sha256)


def test_the_real_originals(shared):
    dataset = index_folder(shared / "data" / "brain_tumor_dataset")
    assert dataset.counts() == {"no": 73, "yes": 150}
    assert dataset.unreadable == ()
    assert not dataset.already_cropped
    assert dataset.part_counts() is None


def test_the_real_split(shared):
    dataset = index_folder(shared / "data" / "report_split")
    assert dataset.positive == "tumorous"
    assert dataset.already_cropped
    assert dataset.part_counts() == {
        "train": {"nontumorous": 817, "tumorous": 842},
        "validation": {"nontumorous": 102, "tumorous": 104},
        "test": {"nontumorous": 102, "tumorous": 104},
    }


def test_a_volume_counts_as_its_middle_slice(shared, tmp_path):
    volume = next(path for path in sorted((shared / "formats").rglob("*.nii*")))
    for label in ("yes", "no"):
        (tmp_path / label).mkdir()
        (tmp_path / label / volume.name).write_bytes(volume.read_bytes())
    dataset = index_folder(tmp_path)
    assert dataset.counts() == {"no": 1, "yes": 1}
    entry = dataset.entries[0]
    pixels = read_pixels(tmp_path, entry.file, entry.sha256)
    assert pixels.shape == (entry.height, entry.width, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_folder_whose_path_is_not_text_is_refused(folder, tmp_path):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    shutil.copytree(folder, odd)
    with pytest.raises(DatasetError, match="not valid text"):
        index_folder(odd)
