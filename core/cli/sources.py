"""What `predict` is asked about: files, and folders of slices."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.data.index import read_file
from core.errors import SettingError
from core.imaging.series import is_slice, pack, scan_files


@dataclass(frozen=True)
class Source:
    """A file, or a folder of slices, that is asked about.

    Attributes:
        name: Its path, as it was given.
        read: Gives its bytes; raises UnreadableScan.
    """

    name: str
    read: Callable[[], bytes]

    @classmethod
    def of(cls, file: Path) -> "Source":
        """A file by itself."""
        return cls(str(file), partial(read_file, file))

    @property
    def stem(self) -> str:
        """Its name without folder and ending."""
        return Path(Path(self.name).name.removesuffix(".gz")).stem


def sources_at(path: Path) -> list[Source]:
    """A file, or what is in a folder: its DICOM files as one source, any other file as one.

    Raises:
        SettingError: There is nothing there.
    """
    if path.is_file():
        return [Source.of(path)]
    files = scan_files(path) if path.is_dir() else []
    if not files:
        raise SettingError(
            "files with scans in them",
            f"'{path}' is an empty folder" if path.is_dir() else f"there is no file '{path}'",
            "Correct the path.",
        )
    slices = [file for file in files if is_slice(file)]
    series = [Source(str(path), partial(pack, slices))] if len(slices) > 1 else []
    alone = [file for file in files if len(slices) < 2 or file not in set(slices)]
    return series + [Source.of(file) for file in alone]
