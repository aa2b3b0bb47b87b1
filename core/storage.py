"""Files that are written whole or not at all, and logs that only grow."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it over `path` when the block succeeds.

    A reader sees the old file or the new one, never half of either, whatever happens to the
    writer in between. The temporary path keeps the suffix, which some writers go by.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".writing-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write `data` to `path`, whole or not at all.

    Args:
        path: Where.
        data: What.
        durable: Whether it must be on the disk, and not in a buffer, before it takes its place.
    """
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(data)
        if durable:
            _flush(file)


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all (see `write_bytes`)."""
    write_bytes(path, text.encode(), durable=durable)


def version(path: Path) -> tuple[int, ...] | None:
    """Another one each time that `path` is written anew; none where nothing is."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    # Its number as well: a file that takes another's place may be as large, and a clock is coarse.
    return found.st_ino, found.st_mtime_ns, found.st_size


def append_bytes(path: Path, data: bytes) -> None:
    """Add `data` to the end of `path`; it is on the disk on return.

    A power cut meanwhile may leave a part of it, which is for the reader to recognise.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(data)
        _flush(file)


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
