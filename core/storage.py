"""Files that are written whole or not at all, and logs that only grow."""

import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

T = TypeVar("T")

ATTEMPTS, PAUSE = 20, 0.05
"""How often, and after how many seconds each time, a file that another has open is tried again."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it over `path` when the block succeeds.

    A reader sees the old file or the new one, never half of either, whatever happens to the
    writer in between. The temporary path keeps the suffix, which some writers go by.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".writing-{secrets.token_hex(8)}{path.suffix}")
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        # Who may read it: what was said of this file, or what the system says of new ones.
        with suppress(OSError):
            shutil.copymode(path, temporary)
        _patiently(lambda: temporary.replace(path))
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


def typed(path: Path | str) -> Path:
    """The path that a person typed, `~` and `~name` in it being folders of people.

    Nobody's name stays as it is, as in a shell, and is then not found.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111, which raises


def is_file(path: Path | str) -> bool:
    """Whether a file can be reached there.

    `Path.is_file` raises where a share is cut off or closed to the user; to them nothing is there.
    """
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path | str) -> bool:
    """Whether a folder can be reached there (see `is_file`)."""
    return os.path.isdir(path)  # noqa: PTH112


def version(path: Path) -> tuple[int, ...] | None:
    """Another one each time that `path` is written anew; none where nothing can be reached."""
    try:
        found = path.stat()
    except OSError:
        return None
    # Its number as well: a file that takes another's place may be as large, and a clock is coarse.
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that others replace meanwhile.

    Raises:
        OSError: It is not there, or cannot be read.
    """
    return _patiently(path.read_bytes)


def append_bytes(path: Path, data: bytes) -> None:
    """Add `data` to the end of `path`; it is on the disk on return.

    A power cut meanwhile may leave a part of it, which is for the reader to recognise.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(data)
        _flush(file)


def _patiently(do: Callable[[], T]) -> T:
    """Do something that Windows refuses for the moment in which another has the file open."""
    for _ in range(ATTEMPTS - 1):
        try:
            return do()
        except PermissionError:
            if sys.platform != "win32":  # elsewhere it is meant, and will not pass
                raise
            time.sleep(PAUSE)
    return do()


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
