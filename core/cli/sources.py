"""What `predict` is asked about: files, and folders of slices."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.data.index import read_file
from core.errors import SettingError
from core.imaging.dicom import series_of
from core.imaging.files import scan_files
from core.imaging.series import pack


@dataclass(frozen=True)
class Source:
    """A file, or a folder of slices, that is asked about.

    Attributes:
        name: Its path; of one of several series in a folder, that of its first file.
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
    """A file, or what is in a folder: each series of DICOM files as a source, each other file.

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
    slices: dict[str, list[Path]] = {}
    alone = []
    for file in files:
        series = series_of(file)
        if series is None:
            alone.append(file)
        else:
            slices.setdefault(series, []).append(file)
    several = len(slices) > 1
    return [
        *(
            Source(str(own[0] if several else path), partial(pack, own))
            if len(own) > 1
            else Source.of(own[0])
            for own in slices.values()
        ),
        *map(Source.of, alone),
    ]
