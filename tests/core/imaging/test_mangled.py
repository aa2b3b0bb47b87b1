"""Five hundred files that somebody or something has spoilt: a word for each, at once."""

import gc
import gzip
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import psutil
import pytest
from small_files import small_files

from core.errors import UnreadableScan
from core.imaging.scans import open_scan

pytestmark = pytest.mark.filterwarnings("ignore")

COUNT = 500
LONGEST = 5.0
"""Seconds of the processor for one file."""
LARGEST = 300_000
"""Bytes of a real file that is mangled as well; larger ones take their time to decode."""
GROWTH = 60_000_000
NAMES = ("a.png", "a.jpg.exe", "ä/ö.dcm", "", "a.nii.gz", "..", "a" * 300, "con", "a\nb.dcm")


def flipped(data: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes are others, mostly near the beginning."""
    made = bytearray(data)
    reach = len(made) if rng.random() < 0.4 else min(len(made), 600)
    for at in rng.integers(0, reach, rng.integers(1, 40)):
        made[at] = rng.choice([0, 1, 127, 128, 255, rng.integers(256)])
    return bytes(made)


def truncated(data: bytes, rng: np.random.Generator) -> bytes:
    """The end is missing."""
    return data[: int(rng.integers(0, len(data)))]


def wiped(data: bytes, rng: np.random.Generator) -> bytes:
    """A stretch of it is all one byte."""
    start, length = rng.integers(0, len(data)), rng.integers(1, max(2, len(data) // 2))
    middle = data[start : start + length]
    return data[:start] + bytes([rng.integers(256)]) * len(middle) + data[start + length :]


def shuffled(data: bytes, rng: np.random.Generator) -> bytes:
    """A stretch is where another was."""
    cut = int(rng.integers(1, len(data)))
    return data[cut:] + data[:cut] if rng.random() < 0.5 else data[:cut] + data[:cut]


def nested(data: bytes, rng: np.random.Generator) -> bytes:
    """It is inside an archive, which may be inside another, or is spoilt itself."""
    for _ in range(rng.integers(1, 4)):
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(rng.integers(1, 4)):
                archive.writestr(("", "../", "/", "x/")[rng.integers(4)] + f"{number}", data)
        data = buffer.getvalue()
    return flipped(data, rng) if rng.random() < 0.4 else data


def zipped(data: bytes, rng: np.random.Generator) -> bytes:
    """It is inside a gzip file, whole or not."""
    made = gzip.compress(data)
    return made if rng.random() < 0.5 else truncated(made, rng)


def enormous(data: bytes, rng: np.random.Generator) -> bytes:
    """It declares far more pixels, slices or bytes than it has."""
    size = int(rng.choice([7999, 30_000, 65_535, 2**31 - 1]))
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        head = b"IHDR" + struct.pack(">II", size, size) + data[24:29]
        return data[:8] + data[8:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:]
    if data[:2] == b"BM":
        return data[:18] + struct.pack("<ii", size, size) + data[26:]
    if data[:4] in ((348).to_bytes(4, "little"), (540).to_bytes(4, "little")):
        at, kind = (42, "<h") if data[0] == 92 else (24, "<q")
        one = struct.pack(kind, min(size, 32_767))
        return data[:at] + one * int(rng.integers(1, 4)) + data[at + 3 * len(one) :]
    made = bytearray(data)
    # Rows and columns of DICOM, start of frame of JPEG.
    for mark in (
        b"\x28\x00\x10\x00US\x02\x00",
        b"\x28\x00\x11\x00US\x02\x00",
        b"\xff\xc0\x00\x11\x08",
    ):
        at = data.find(mark)
        if at >= 0:
            at += len(mark)
            made[at : at + 2] = struct.pack("<H", min(size, 65_535))
    return bytes(made) if bytes(made) != data else flipped(data, rng)


DAMAGE = (flipped, flipped, truncated, wiped, shuffled, nested, zipped, enormous)


def mangled(folder: Path | None) -> Iterator[tuple[str, str, bytes]]:
    """What was done to what, under which name, and the bytes."""
    files = small_files()
    if folder is not None:
        files |= {
            path.name: path.read_bytes()
            for path in sorted(folder.iterdir())
            if path.stat().st_size <= LARGEST
        }
    kinds = sorted(files)
    rng = np.random.default_rng(20260131)
    for number in range(COUNT):
        kind = kinds[number % len(kinds)]
        damage = DAMAGE[rng.integers(len(DAMAGE))]
        data = damage(files[kind], rng)
        if rng.random() < 0.15:
            data = flipped(data, rng) if data else data
        yield f"{damage.__name__} {kind} ({number})", NAMES[rng.integers(len(NAMES))], data


def outcome(name: str, data: bytes) -> str | None:
    """The reason that is given, none for a file that is read; any other error is one."""
    try:
        file = open_scan(data, name)
        for index in {0, file.slices - 1}:
            file.slice(index)
    except UnreadableScan as error:
        return error.reason
    return None


def memory() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def test_each_mangled_file_is_read_or_gets_a_plain_reason(request):
    try:
        folder = request.getfixturevalue("shared") / "formats"
    except pytest.skip.Exception:
        folder = None
    for name, data in small_files().items():
        outcome(name, data)
    growth, wrong, refused = [], [], 0
    for _ in range(2):  # what is not given back grows each time; other threads' memory does not
        before = memory()
        found, refused = mangle_all(folder)
        wrong += found
        growth.append(memory() - before)
    assert not wrong
    assert COUNT / 3 < refused < COUNT
    assert min(growth) < GROWTH


def mangle_all(folder):
    """What went wrong with which of the mangled files, and how many were refused."""
    wrong, refused = [], 0
    for what, name, data in mangled(folder):
        started = time.process_time()
        try:
            reason = outcome(name, data)
        except Exception as error:
            wrong.append(f"{what}: {error!r}")
            continue
        if time.process_time() - started > LONGEST:
            wrong.append(f"{what}: took {time.process_time() - started:.1f} s")
        if reason is not None:
            refused += 1
            if not 8 < len(reason) < 160 or "\n" in reason or "Error" in reason:
                wrong.append(f"{what}: said {reason!r}")
    return wrong, refused


@pytest.mark.parametrize("damage", [flipped, truncated, nested, enormous])
def test_the_same_seed_mangles_alike(damage):
    data = small_files()["PNG RGBA"]
    made = {damage(data, np.random.default_rng(3)) for _ in range(2)}
    assert len(made) == 1
    assert made != {data}
