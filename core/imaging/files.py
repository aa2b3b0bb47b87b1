"""Which files of a folder or an archive could be scans, by their names alone."""

import os
from pathlib import Path, PurePath

from core.imaging.reading import natural_key

NOT_SCANS = {"thumbs.db", "desktop.ini", "dicomdir"}


def scan_files(folder: Path) -> list[Path]:
    """Everything below a folder that could be a scan, in natural order: nothing hidden.

    Links that lead nowhere, links to folders (which are not followed, for they may lead in a
    circle) and folders that are closed to the user are among them, to be told of as unreadable.
    """
    found: list[Path] = []
    walk = os.walk(folder, onerror=lambda problem: found.append(Path(problem.filename)))
    for parent, folders, files in walk:
        here = Path(parent)
        found += [here / name for name in files]
        found += [here / name for name in folders if (here / name).is_symlink()]
    return sorted(
        (path for path in found if is_wanted(path.relative_to(folder))),
        key=lambda path: natural_key(path.relative_to(folder).as_posix()),
    )


def is_wanted(path: PurePath) -> bool:
    """Whether a file, by its path inside its folder or archive, could be a scan."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and path.name.casefold() not in NOT_SCANS
