"""Files are written whole or not at all."""

import os
import sys
import threading
from pathlib import Path

import pytest

from core import storage
from core.storage import (
    is_file,
    is_folder,
    read_bytes,
    replacing,
    typed,
    version,
    write_bytes,
    write_text,
)


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


def test_a_home_that_nobody_has_stays_as_it_was_typed():
    assert typed("~/scans") == Path.home() / "scans"
    assert typed("~nobody-of-this-name/scans") == Path("~nobody-of-this-name/scans")


def test_what_cannot_be_reached_is_not_there(tmp_path, monkeypatch):
    """As on a share that is cut off, where `Path` raises."""
    file = tmp_path / "scan.png"
    file.touch()
    assert is_file(file)
    assert is_folder(tmp_path)
    assert not is_file(tmp_path)
    assert not is_folder(file)

    def cut_off(*_, **__):
        raise OSError(112, "Host is down")

    monkeypatch.setattr(os, "stat", cut_off)
    assert not is_file(file)
    assert not is_folder(tmp_path)


def test_a_version_is_another_one_after_each_write(tmp_path):
    path = tmp_path / "history.csv"
    assert version(path) is None
    (tmp_path / "file").touch()
    assert version(tmp_path / "file" / "below") is None
    seen = []
    for text in ("one", "two", "two"):
        write_text(path, text)
        assert version(path) == version(path)
        seen.append(version(path))
    assert seen[0] != seen[1] != seen[2]


@pytest.mark.parametrize(("platform", "waits"), [("win32", True), ("linux", False)])
def test_what_another_has_open_is_tried_again_where_that_passes(
    tmp_path, monkeypatch, platform, waits
):
    """Windows refuses to replace or read a file in the moment in which another opens it."""
    path = tmp_path / "status.json"
    write_text(path, "old")
    replace, read, refusals = Path.replace, Path.read_bytes, [PermissionError] * 3

    def refuse(do, *given):
        if refusals:
            raise refusals.pop()
        return do(*given)

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(storage, "PAUSE", 0.001)
    monkeypatch.setattr(Path, "replace", lambda *given: refuse(replace, *given))
    monkeypatch.setattr(Path, "read_bytes", lambda *given: refuse(read, *given))
    if not waits:
        with pytest.raises(PermissionError):
            write_text(path, "new")
        return
    write_text(path, "new")
    refusals += [PermissionError] * 3
    assert read_bytes(path) == b"new"


def test_readers_and_a_writer_at_once_see_whole_files(tmp_path):
    path = tmp_path / "status.json"
    write_text(path, "0" * 1000)
    done = threading.Event()

    def write():
        try:
            for number in range(200):
                write_text(path, str(number % 10) * 1000)
        finally:
            done.set()

    writer = threading.Thread(target=write)
    writer.start()
    reads = 0
    while not done.is_set():
        assert len(set(read_bytes(path))) == 1
        reads += 1
    writer.join()
    assert reads > 0
    assert read_bytes(path) == b"9" * 1000


@pytest.mark.skipif(sys.platform == "win32", reason="permissions as Unix has them")
def test_who_may_read_a_file_is_as_it_was_or_as_the_system_says(tmp_path):
    former = os.umask(0o027)
    try:
        new, shared, locked = (tmp_path / name for name in ("new", "shared", "locked"))
        for path, mode in ((shared, 0o664), (locked, 0o400)):
            path.touch()
            path.chmod(mode)
        for path in (new, shared, locked):
            write_text(path, "text")
    finally:
        os.umask(former)
    modes = [path.stat().st_mode & 0o777 for path in (new, shared, locked)]
    assert modes == [0o640, 0o664, 0o400]
    assert locked.read_text() == "text"
