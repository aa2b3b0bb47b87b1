"""Any bytes in, pixels or a plain reason out."""

import gzip
import re
import resource
import sys
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from small_files import small_files

from core.errors import SettingError, UnreadableScan
from core.explanation.gate import judge, judge_tags
from core.imaging.scans import SUFFIXES, ScanFile, open_scan, read_scan

# pytest shows what the libraries say about damaged files; a user does not see it.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

FORMATS = {  # name: (format, volumes, slices, height, width, tags, why it is refused at sight)
    "MR_small_RLE.dcm": ("dicom", 1, 1, 64, 64, {"Modality": "MR", "EchoTime": "240"}, None),
    "MR_truncated.dcm": "its pixels end early: 8,130 of 8,192 bytes",
    "NOTBRAIN_shoulder_jpeg_ls.dcm": (
        *("dicom", 1, 1, 1024, 1024),
        *({"Modality": "MR", "RepetitionTime": "350"}, None),
    ),
    "NOTMR_ct_chest_rle.dcm": ("dicom", 1, 1, 512, 512, {"Modality": "CT"}, "Not MR: the file"),
    "TCGA_DU_5872_19950223_flair.nii.gz": (
        *("nifti", 1, 71, 256, 256),
        *({"PixelSpacing": "0.94, 0.94", "SliceThickness": "4"}, None),
    ),
    "TCGA_DU_5872_19950223_mask.nii.gz": (
        *("nifti", 1, 71, 256, 256),
        # Its middle slice shows a lesion: no rule catches that, only the distance from training.
        *({"SliceThickness": "4"}, None),
    ),
    "brain_005.dcm": ("dicom", 1, 1, 256, 256, {"Modality": "MR", "EchoTime": "22"}, None),
    "brain_010.dcm": ("dicom", 1, 1, 256, 256, {"Modality": "MR", "EchoTime": "22"}, None),
    "brain_explicit_big.dcm": ("dicom", 1, 1, 256, 256, {"RepetitionTime": "2300"}, None),
    "example4d.nii.gz": ("nifti", 2, 24, 96, 128, {"PixelSpacing": "2, 2"}, None),
    "head_flair_implicit_little.dcm": ("dicom", 1, 1, 256, 256, {"EchoTime": "159.5"}, None),
    "multiframe16_explicit_little.dcm": ("dicom", 1, 16, 256, 256, {"FlipAngle": "50"}, None),
}


def test_every_real_file_has_an_expected_outcome(shared):
    assert {file.name for file in (shared / "formats").iterdir()} == set(FORMATS)


@pytest.mark.parametrize(("name", "expected"), FORMATS.items(), ids=list(FORMATS))
def test_real_files_are_read_or_refused_for_the_right_reason(shared, name, expected):
    data = (shared / "formats" / name).read_bytes()
    if isinstance(expected, str):
        with pytest.raises(UnreadableScan) as caught:
            open_scan(data, name)
        assert caught.value.reason == expected
        return
    format, volumes, slices, height, width, tags, refusal = expected
    file = open_scan(data, name)
    assert (file.name, file.format, file.volumes, file.slices) == (name, format, volumes, slices)
    assert file.tags.items() >= tags.items()
    assert not [
        tag
        for tag in file.tags
        if re.search("Patient|Date|Time$|UID|Institution", tag)
        and tag not in ("EchoTime", "RepetitionTime", "InversionTime")
    ]
    reason = judge_tags(file.tags) or judge(file.slice().pixels)
    assert (reason is None) == (refusal is None)
    assert (reason or "").startswith(refusal or "")
    for index in {0, slices // 2, slices - 1}:
        scan = file.slice(index)
        assert (scan.slice, scan.slices, scan.format) == (index, slices, format)
        assert scan.pixels.shape == (height, width, 3)
        assert scan.pixels.dtype == np.uint8
        assert scan.tags == file.tags
    middle = file.slice().pixels
    assert middle.min() < 60
    assert middle.max() == 255


def test_the_middle_slice_is_the_one_that_is_shown_first(shared):
    file = open_scan((shared / "formats" / "example4d.nii.gz").read_bytes(), "epi")
    assert file.slice().slice == 12
    assert np.array_equal(file.slice().pixels, file.slice(12).pixels)
    assert not np.array_equal(file.slice().pixels, file.slice(3).pixels)


@pytest.mark.parametrize("index", [-1, 24, 10**9])
def test_a_slice_that_is_not_there_is_a_wrong_setting(shared, index):
    data = (shared / "formats" / "example4d.nii.gz").read_bytes()
    with pytest.raises(SettingError, match="a slice from 0 to 23"):
        read_scan(data, "epi", index)


def test_every_original_is_what_pillow_shows(shared):
    """Including the PNG files called .jpg, those with alpha, and the one with a palette."""
    files = sorted((shared / "data" / "brain_tumor_dataset").rglob("*.*"))
    kinds = set()
    for file in files:
        scan = read_scan(file.read_bytes(), file.name)
        image = Image.open(file)
        kinds.add((image.format, image.mode))
        assert scan.format == image.format.lower()
        if image.mode == "RGBA":
            colour = np.asarray(image, dtype=float)
            expected = colour[..., :3] * colour[..., 3:] / 255
        else:
            expected = np.asarray(image.convert("RGB"), dtype=float)
        assert np.abs(scan.pixels - expected).max() <= 1
    assert len(files) == 223
    assert kinds >= {("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("JPEG", "L"), ("JPEG", "RGB")}


def test_content_decides_and_not_the_name():
    buffer = BytesIO()
    Image.new("RGB", (4, 3), "red").save(buffer, "PNG")
    scan = read_scan(buffer.getvalue(), "brain.dcm")
    assert scan.format == "png"
    assert (scan.pixels == (255, 0, 0)).all()


def test_pixels_cannot_be_changed_behind_the_file_s_back():
    buffer = BytesIO()
    Image.new("RGB", (4, 3)).save(buffer, "PNG")
    with pytest.raises(ValueError, match="read-only"):
        open_scan(buffer.getvalue(), "a").slice().pixels[0] = 1


def test_suffixes_cover_the_formats_and_dicom_without_one():
    assert {".png", ".jpg", ".tif", ".bmp", ".dcm", ".nii", ".nii.gz", ""} <= set(SUFFIXES)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"\0" * 5000, "it is no picture, DICOM or NIfTI file"),
        (b"not a scan at all", "it is no picture, DICOM or NIfTI file"),
        (b"%PDF-1.7 and so on", "it is no picture, DICOM or NIfTI file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "it is no picture, DICOM"),
        (gzip.compress(b"letters " * 1000, mtime=0), "the gzip file holds no NIfTI volume"),
        (gzip.compress(b"letters " * 1000, mtime=0)[:20], "the gzip file ends early"),
        (b"\0" * 128 + b"DICM", "the DICOM file holds no picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "it is no picture, DICOM or NIfTI file"),
    ],
)
def test_what_is_no_scan_is_refused_in_a_few_words(data, reason):
    with pytest.raises(UnreadableScan) as caught:
        open_scan(data, "patient name.xyz")
    assert caught.value.reason.startswith(reason)
    assert "patient name" not in str(caught.value)


SMALL = small_files()


def survives(data: bytes) -> None:
    """Any other exception than UnreadableScan fails the test that calls this."""
    try:
        file = open_scan(data, "a")
    except UnreadableScan:
        return
    assert isinstance(file, ScanFile)
    for index in {0, file.slices - 1}:
        try:
            pixels = file.slice(index).pixels
        except UnreadableScan:
            continue
        assert pixels.dtype == np.uint8
        assert pixels.shape[2] == 3
        assert pixels.size > 0


@pytest.mark.parametrize("name", SMALL)
def test_the_small_files_are_sound_to_begin_with(name):
    assert open_scan(SMALL[name], name).slice().pixels.size > 0


@given(data=st.binary(max_size=600), start=st.sampled_from(["", "DICM", "gz", "nii", "II", "GIF"]))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_arbitrary_bytes_are_survived(data, start):
    starts = {
        "DICM": b"\0" * 128 + b"DICM",
        "gz": b"\x1f\x8b\x08",
        "nii": SMALL["Nifti1Image"][:340],
        "II": b"II*\0\x08\0\0\0",
        "GIF": b"GIF89a",
    }
    survives(starts.get(start, b"") + data)


@given(
    name=st.sampled_from(sorted(SMALL)),
    cut=st.none() | st.floats(0, 1),
    changes=st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255)),
        max_size=12,
    ),
    head=st.booleans(),
)
@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_damaged_real_files_are_survived(name, cut, changes, head):
    data = bytearray(SMALL[name])
    reach = min(len(data), 2000) if head else len(data)
    for where, value in changes:
        data[min(int(where * reach), len(data) - 1)] = value
    survives(bytes(data[: int(cut * len(data))] if cut is not None else data))


@pytest.mark.skipif(sys.platform == "win32", reason="needs the resource module's memory count")
def test_refusing_and_reading_many_files_does_not_grow_memory():
    for data in SMALL.values():
        survives(data)
        survives(data[: len(data) // 2])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(8):
        for data in SMALL.values():
            survives(data)
            survives(data[: len(data) // 2])
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 40_000  # kilobytes
