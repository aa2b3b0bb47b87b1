"""Which files could be scans."""

from pathlib import PurePosixPath

import pytest

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
