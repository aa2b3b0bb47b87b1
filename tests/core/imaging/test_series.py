"""Series of slices in archives and folders, and archives that should not be unpacked."""

import gzip
import hashlib
import struct
import tracemalloc
import zipfile
from io import BytesIO

import nibabel
import numpy as np
import pytest
from made_dicom import RAMP, header, written
from PIL import Image

from core.errors import SettingError, UnreadableScan
from core.imaging import series
from core.imaging.dicom import series_of
from core.imaging.files import scan_files
from core.imaging.reading import Selection
from core.imaging.scans import open_scan
from core.imaging.series import MAX_FILES, pack


def archive(files, **options):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return buffer.getvalue()


def slice_at(position, level, series="1.2.3", number=1, **elements):
    """A slice of one grey level, so many millimetres along the normal."""
    pixels = np.full((20, 50), level, np.uint16)
    return written(
        header(
            pixels,
            SeriesInstanceUID=series,
            InstanceNumber=number,
            ImagePositionPatient=[0, 0, position],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            WindowCenter=128,
            WindowWidth=256,
            **elements,
        )
    )


def png(level, side=8):
    buffer = BytesIO()
    Image.new("L", (side, side), level).save(buffer, "PNG")
    return buffer.getvalue()


def levels(file, volume=0):
    selection = Selection(volume=volume)
    return [
        int(file.scan(Selection(k, volume=volume)).pixels[0, 0, 0])
        for k in range(file.count(selection))
    ]


def refusal(data):
    with pytest.raises(UnreadableScan) as caught:
        open_scan(data, "a.zip")
    return caught.value.reason


def test_slices_are_ordered_by_position_whatever_their_names_and_numbers():
    files = {f"{9 - k}.dcm": slice_at(3.5 * k - 7, 40 * k, number=50 - k) for k in range(5)}
    file = open_scan(archive(files), "series.zip")
    assert (file.format, file.slices, file.volumes) == ("dicom", 5, 1)
    assert levels(file) == sorted(levels(file))
    assert len(set(levels(file))) == 5
    assert file.tags["Modality"] == "MR"
    assert not {"SeriesInstanceUID", "InstanceNumber"} & set(file.tags)


def test_position_is_taken_along_the_normal_of_the_slices():
    """Sagittal slices differ in x; their z is the same."""
    made = []
    for k, level in ((0, 10), (1, 90), (2, 170)):
        scan = header(np.full((8, 8), level, np.uint16), WindowCenter=128, WindowWidth=256)
        scan.ImagePositionPatient = [5 * k, -100, 30]
        scan.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]  # normal: -x
        made.append(written(scan))
    found = levels(open_scan(archive({f"{k}": data for k, data in enumerate(made)}), "a"))
    assert found == sorted(found, reverse=True)


def test_without_positions_the_numbers_count():
    files = {}
    for name, number in (("a", 3), ("b", 1), ("c", 2)):
        scan = header(np.full((8, 8), 60 * number, np.uint16), WindowCenter=128, WindowWidth=256)
        scan.InstanceNumber = number
        files[name] = written(scan)
    found = levels(open_scan(archive(files), "a"))
    assert found == sorted(found)


def test_several_series_are_volumes_the_longest_first():
    files = {f"scout{k}": slice_at(k, 200, "9.9") for k in range(2)}
    files |= {f"head{k}": slice_at(k, 30 * k, "1.1") for k in range(4)}
    file = open_scan(archive(files), "study.zip")
    assert file.volumes == 2
    assert len(levels(file, 0)) == 4
    assert len(set(levels(file, 1))) == 1
    with pytest.raises(SettingError, match="a volume from 0 to 1"):
        file.scan(Selection(volume=2))


def test_pictures_are_slices_in_natural_order():
    file = open_scan(archive({f"p{k}.png": png(k) for k in (10, 9, 100, 1)}), "a")
    assert (file.format, levels(file)) == ("png", [1, 9, 10, 100])


def test_a_slice_has_the_digests_of_its_archive_and_of_its_own_file():
    def sha256(data):
        return hashlib.sha256(data).hexdigest()

    files = {f"{k}.dcm": slice_at(-k, 40 * k) for k in range(3)}
    data = archive(files)
    file = open_scan(data, "series.zip")
    expected = [(sha256(data), sha256(member)) for member in reversed(files.values())]
    assert [file.slice(k).digests for k in range(3)] == expected
    alone = archive({"p.png": png(7)})
    assert open_scan(alone, "a.zip").slice().digests == (sha256(alone), sha256(png(7)))
    assert open_scan(png(7), "p.png").slice().digests == (sha256(png(7)),)


def test_one_file_in_an_archive_is_that_file():
    volume = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.int16), np.eye(4)).to_bytes()
    file = open_scan(archive({"inner/volume.nii": volume, "__MACOSX/._volume.nii": b"junk"}), "a")
    assert (file.format, file.slices) == ("nifti", 6)
    assert file.count(Selection(plane="sagittal")) == 4


def test_what_is_no_scan_is_left_out_and_counted():
    files = {f"{k}": slice_at(k, 10) for k in range(3)} | {"readme.txt": b"hello"}
    file = open_scan(archive(files), "a")
    assert file.slices == 3
    assert file.tags["FilesLeftOut"] == "1"
    one = open_scan(archive({"0": slice_at(0, 10), "1": slice_at(1, 10)[:300]}), "a")
    assert (one.format, one.slices, one.volumes) == ("dicom", 1, 1)
    assert one.tags["FilesLeftOut"] == "1"


def test_a_damaged_slice_costs_no_other():
    files = {"0": png(10), "1": png(90)[:-30], "2": png(170)}
    file = open_scan(archive(files), "a.zip")
    assert (file.slices, file.tags) == (3, {})
    assert [int(file.slice(k).pixels[0, 0, 0]) for k in (0, 2)] == [10, 170]
    for index in (None, 1):
        with pytest.raises(UnreadableScan) as caught:
            file.slice(index)
        assert caught.value.reason == "slice 1 of 0 to 2: the PNG picture is damaged"


def test_a_folder_is_read_as_the_archive_it_would_make(tmp_path):
    for k in range(3):
        (tmp_path / "deep").mkdir(exist_ok=True)
        (tmp_path / "deep" / f"{k}").write_bytes(slice_at(-k, 50 * k))
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "DICOMDIR").write_bytes(b"x")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "0").write_bytes(b"x")
    files = scan_files(tmp_path)
    assert [path.name for path in files] == ["0", "1", "2"]
    assert {series_of(path) for path in files} == {"1.2.3"}
    found = levels(open_scan(pack(files), "folder"))
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (archive({}), "the ZIP archive holds no scan (0 files)"),
        (archive({"a.txt": b"x"}), "the ZIP archive holds no scan (1 file; of the one inside:"),
        (archive({"../a.png": png(1)}), "the ZIP archive names a file outside itself"),
        (archive({"/etc/a.png": png(1)}), "the ZIP archive names a file outside itself"),
        (archive({"C:\\a.png": png(1)}), "the ZIP archive names a file outside itself"),
        (archive({"b.zip": archive({"a.png": png(1)})}), "it is an archive with another archive"),
        (archive({f"{k}": b"" for k in range(MAX_FILES + 1)}), "it holds 2,001 files"),
        (archive({"a": png(1)})[:-30], "the ZIP archive is damaged"),
        (archive({"a": png(1)}, compression=zipfile.ZIP_LZMA), "the ZIP archive is packed in an"),
        (b"PK\x03\x04" + bytes(100), "the ZIP archive is damaged"),
    ],
)
def test_archives_that_are_not_read(data, reason):
    assert refusal(data).startswith(reason)


def test_an_encrypted_archive_is_refused():
    data = bytearray(archive({"a.png": png(1)}))
    at = data.index(b"PK\x01\x02") + 8
    data[at] |= 1
    assert refusal(bytes(data)) == "the ZIP archive is encrypted"


def test_bombs_are_not_unpacked():
    bomb = archive({"a": bytes(50_000_000)}, compression=zipfile.ZIP_DEFLATED)
    huge = bytearray(archive({"a": png(1)}))
    for start, field in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = huge.index(start) + field
        huge[at : at + 4] = struct.pack("<I", 2**31)
    tracemalloc.start()
    assert refusal(bomb).startswith("a file in it unpacks to 50,000,000 bytes")
    assert refusal(bytes(huge)).startswith("it holds 1 files of 2,147,483,648 bytes")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000


def test_volumes_packed_by_themselves_count_as_they_unpack(monkeypatch):
    volume = nibabel.Nifti1Image(np.zeros((100, 100, 50), np.int16), np.eye(4)).to_bytes()
    packed = gzip.compress(volume)
    assert open_scan(archive({f"{k}.nii.gz": packed for k in range(3)}), "a").volumes == 3
    monkeypatch.setattr(series, "MAX_VOLUME", 8_500_000)
    many = archive({f"{k}.nii.gz": packed for k in range(40)})
    assert len(many) < 100_000
    tracemalloc.start()
    assert refusal(many) == "it holds 9 files of 9,000,000 bytes"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 15_000_000


def test_a_folder_that_is_too_much_is_refused(tmp_path):
    path = tmp_path / "one"
    path.write_bytes(b"x")
    with pytest.raises(UnreadableScan, match="it holds 2,001 files"):
        pack([path] * (MAX_FILES + 1))


def test_a_window_reaches_the_slices_of_a_series():
    files = {f"{k}": written(header(RAMP, InstanceNumber=k)) for k in range(2)}
    file = open_scan(archive(files), "a")
    scan = file.scan(Selection(0, window=(500, 100)))
    assert scan.window == (500, 100)
    assert scan.levels == (0, 999)
    assert (scan.pixels[..., 0] > 0).mean() == pytest.approx(0.55, abs=0.01)
