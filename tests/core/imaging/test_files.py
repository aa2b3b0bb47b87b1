"""Which files could be scans."""

import os
from pathlib import Path, PurePosixPath

import pytest

from core.data.index import read_file
from core.errors import UnreadableScan
from core.imaging.files import is_wanted, scan_files


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.png", True),
        ("patient 1/IM0001", True),
        ("Thumbs.db", False),
        ("series/DICOMDIR", False),
        (".hidden.png", False),
        (".cache/a.png", False),
        ("__MACOSX/._a.png", False),
    ],
)
def test_what_systems_leave_beside_scans_is_none(path, wanted):
    assert is_wanted(PurePosixPath(path)) == wanted


def test_a_folder_is_listed_in_natural_order_with_links_that_lead_nowhere(tmp_path):
    for name in ("scan_10.png", "scan_2.png", "b/scan_1.png", ".DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "scan_3.png").symlink_to(tmp_path / "nowhere")
    found = [path.relative_to(tmp_path).as_posix() for path in scan_files(tmp_path)]
    assert found == ["b/scan_1.png", "scan_2.png", "scan_3.png", "scan_10.png"]


def test_folders_that_are_not_looked_into_are_told_of(tmp_path, monkeypatch):
    """A patient's folder that is closed must not be taken for one that is not there."""
    scans, elsewhere = tmp_path / "scans", tmp_path / "elsewhere"
    for folder in (scans / "open", scans / "closed", elsewhere):
        folder.mkdir(parents=True)
        (folder / "a.png").touch()
    (scans / "linked").symlink_to(elsewhere, target_is_directory=True)
    scandir = os.scandir

    def refuse(path):  # permissions are not held against root
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = [path.relative_to(scans).as_posix() for path in scan_files(scans)]
    assert found == ["closed", "linked", "open/a.png"]
    for name in ("closed", "linked"):
        with pytest.raises(UnreadableScan, match="a folder"):
            read_file(scans / name)
