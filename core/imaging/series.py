"""Several files that belong together: a series of slices in a ZIP archive or a folder.

Nothing is ever written to disk, and what an archive may unpack to is bounded before any of it
is unpacked.
"""

import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from core.errors import UnreadableScan
from core.imaging.dicom import Dicom
from core.imaging.files import is_wanted
from core.imaging.nifti import Nifti
from core.imaging.reading import (
    MAX_VOLUME,
    Decoded,
    Plane,
    Reader,
    Selection,
    check_size,
    natural_key,
    unreadable,
)

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""First bytes of an archive with something in it, and of an empty one."""
MAX_FILES = 2_000
MAX_RATIO = 200
"""Times that a file may unpack to its packed size, which slices of a head stay far below; only
what unpacks to more than `SMALL` bytes is held to it, since a black slice packs a thousandfold."""
SMALL = 2**20
ENCRYPTED = 0x1


def looks_like_zip(data: bytes) -> bool:
    """Whether the file starts as a ZIP archive does."""
    return data[:4] in ZIP


def open_archive(data: bytes, open_file: Callable[[bytes], Reader]) -> Reader:
    """Open what is in a ZIP archive: the one file in it, or its files as series.

    Args:
        data: The archive.
        open_file: Opens one file; raises UnreadableScan.

    Raises:
        UnreadableScan: It holds no scan, or should not be unpacked.
    """
    readers: list[Reader] = []
    reason, count, length = "it holds no files", 0, 0
    for member in _members(data):
        count += 1
        if looks_like_zip(member):
            raise unreadable(
                "it is an archive with another archive in it",
                "a ZIP archive with the files of a series in it",
                "Unpack the inner archive first.",
            )
        try:
            reader = open_file(member)
        except UnreadableScan as problem:
            reason = problem.reason
            continue
        readers.append(reader)
        if isinstance(reader, Nifti):  # gzip inside: the archive does not tell how much it is
            length += reader.length
            _check_extent(count, length)
    if not readers:
        inside = f"; of the one inside: {reason}" if count == 1 else ""
        raise unreadable(
            f"the ZIP archive holds no scan ({count:,} file{'' if count == 1 else 's'}{inside})"
        )
    alone = len(readers) == 1 and (count == 1 or isinstance(readers[0], Nifti))
    return readers[0] if alone else Series(readers, count - len(readers))


def pack(files: Iterable[Path]) -> bytes:
    """Files as the archive that they would make, so that a folder is read as a ZIP is.

    Raises:
        UnreadableScan: They are too many or too large, or one cannot be opened.
    """
    buffer, size = BytesIO(), 0
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, path in enumerate(files, start=1):
            try:
                size += path.stat().st_size
                _check_extent(number, size)
                archive.writestr(f"{number:05d}", path.read_bytes())
            except OSError as problem:
                raise unreadable(
                    f"a file in it cannot be opened: {(problem.strerror or 'damaged').lower()}"
                ) from None
    return buffer.getvalue()


@dataclass(frozen=True)
class _Stack:
    """Slices that belong together, in order: whose they are and which of its own."""

    slices: tuple[tuple[Reader, int], ...]


class Series:
    """Several files as series, the longest first. A series is what `volume` chooses.

    DICOM files of one series and size are its slices, ordered along the normal of their plane;
    pictures are one series, in the order in which they came; every NIfTI file is one.
    """

    planes: tuple[Plane, ...] = ()

    def __init__(self, readers: Iterable[Reader], left_out: int = 0) -> None:
        groups: dict[object, list[Reader]] = {}
        for reader in readers:
            groups.setdefault(_belonging(reader), []).append(reader)
        stacks = [_Stack(tuple(_in_order(group))) for group in groups.values()]
        self._stacks = sorted(stacks, key=lambda stack: -len(stack.slices))
        self.volumes = len(self._stacks)
        self._left_out = left_out
        check_size(1, 1, len(self._stacks[0].slices))

    @property
    def format(self) -> str:
        """That of the longest series."""
        return self._stacks[0].slices[0][0].format

    @property
    def mode(self) -> str:
        """That of the longest series' first slice."""
        return self._stacks[0].slices[0][0].mode

    def slices(self, plane: Plane, volume: int) -> int:  # noqa: ARG002
        """Of the series."""
        return len(self._stacks[volume].slices)

    def tags(self, volume: int) -> Mapping[str, str]:
        """Those of the first slice, and how many files could not be read."""
        reader, _ = self._stacks[volume].slices[0]
        left_out = {"FilesLeftOut": str(self._left_out)} if self._left_out else {}
        return {**reader.tags(0), **left_out}

    def sha256(self, index: int, volume: int) -> str:
        """Of the file that the slice is in."""
        reader, own = self._stacks[volume].slices[index]
        return reader.sha256(own, 0)

    def decode(self, index: int, selection: Selection) -> Decoded:
        """Let the file decode it that the slice is in."""
        reader, own = self._stacks[selection.volume].slices[index]
        return reader.decode(own, Selection(window=selection.window))


def _belonging(reader: Reader) -> object:
    """Readers of which this is the same belong to one series."""
    if isinstance(reader, Dicom):
        return reader.series, reader.size
    return reader if isinstance(reader, Nifti) else None


def _in_order(readers: list[Reader]) -> Iterable[tuple[Reader, int]]:
    if all(isinstance(reader, Dicom) for reader in readers):
        readers = sorted(readers, key=lambda reader: reader.place)  # type: ignore[attr-defined]
    for reader in readers:
        yield from ((reader, index) for index in range(reader.slices("axial", 0)))


def _members(data: bytes) -> Iterable[bytes]:
    """Unpack the files of an archive one by one, in natural order of their names.

    Raises:
        UnreadableScan: It is damaged, encrypted, or declares too much.
    """
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        inside = [entry for entry in archive.infolist() if not entry.is_dir()]
        if any(_escapes(entry.filename) for entry in inside):
            raise unreadable(
                "the ZIP archive names a file outside itself",
                "an archive whose files stay inside it",
                "Pack the files again.",
            )
        _check_extent(len(inside), sum(entry.file_size for entry in inside))
        for entry in inside:
            if entry.flag_bits & ENCRYPTED:
                raise unreadable("the ZIP archive is encrypted", remedy="Unpack it first.")
            # Others may ask for any amount of memory before they unpack a byte.
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise unreadable("the ZIP archive is packed in an unusual way")
            if entry.file_size > max(SMALL, MAX_RATIO * entry.compress_size):
                raise unreadable(
                    f"a file in it unpacks to {entry.file_size:,} bytes "
                    f"from {entry.compress_size:,}"
                )
        wanted = [entry for entry in inside if is_wanted(PurePosixPath(entry.filename))]
        for entry in sorted(wanted, key=lambda entry: natural_key(entry.filename)):
            yield archive.read(entry)
    except UnreadableScan:
        raise
    except Exception as problem:  # whatever zipfile and zlib make of damaged bytes
        raise unreadable("the ZIP archive is damaged") from problem


def _check_extent(files: int, size: int) -> None:
    if files > MAX_FILES or size > MAX_VOLUME:
        raise unreadable(
            f"it holds {files:,} files of {size:,} bytes",
            f"at most {MAX_FILES:,} files of {MAX_VOLUME:,} bytes together",
            "Choose fewer series.",
        )


def _escapes(name: str) -> bool:
    """Whether a name points out of the archive, as no honest one does."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or name[1:2] == ":"
