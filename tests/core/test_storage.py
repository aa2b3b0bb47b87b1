"""Files are written whole or not at all."""

import pytest

from core.storage import replacing, version, write_bytes, write_text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "results.csv"
    write_text(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:  # noqa: PT012
        temporary.write_text("half of the n")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_replaces_and_makes_folders(tmp_path):
    path = tmp_path / "new" / "folder" / "results.csv"
    write_bytes(path, b"one")
    write_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["results.csv"]


def test_the_temporary_file_keeps_the_suffix_that_writers_go_by(tmp_path):
    with replacing(tmp_path / "model.keras") as temporary:
        assert temporary.suffix == ".keras"
        assert temporary.parent == tmp_path


def test_a_version_is_another_one_after_each_write(tmp_path):
    path = tmp_path / "history.csv"
    assert version(path) is None
    seen = []
    for text in ("one", "two", "two"):
        write_text(path, text)
        assert version(path) == version(path)
        seen.append(version(path))
    assert seen[0] != seen[1] != seen[2]
