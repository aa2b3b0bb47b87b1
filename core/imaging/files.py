"""Which files of a folder or an archive could be scans, by their names alone."""

from pathlib import Path, PurePath

from core.imaging.reading import natural_key

NOT_SCANS = {"thumbs.db", "desktop.ini", "dicomdir"}


def scan_files(folder: Path) -> list[Path]:
    """Everything below a folder that could be a scan, in natural order: nothing hidden.

    A link that leads nowhere is among them, to be told of as unreadable.
    """
    return sorted(
        (
            path
            for path in folder.rglob("*")
            if (path.is_file() or not path.is_dir()) and is_wanted(path.relative_to(folder))
        ),
        key=lambda path: natural_key(path.relative_to(folder).as_posix()),
    )


def is_wanted(path: PurePath) -> bool:
    """Whether a file, by its path inside its folder or archive, could be a scan."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and path.name.casefold() not in NOT_SCANS
