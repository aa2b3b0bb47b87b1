"""From a folder to a list of labelled scans: what is there, and what could not be read.

Two shapes are understood: a folder with one sub-folder per class, and one with the parts of
a split (train, valid, test) that each hold one sub-folder per class. Sub-folders further down
(one per patient, say) belong to the class above them. A volume counts as its middle slice.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.config import Crop
from core.errors import DatasetError, UnreadableScan
from core.imaging.cropping import find_brain
from core.imaging.files import scan_files
from core.imaging.reading import natural_key
from core.imaging.scans import read_scan
from core.storage import is_file, is_folder

PARTS = ("train", "validation", "test")
PART_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
NOT_CLASSES = {"mask", "masks", "segmentations", "annotations", "__macosx"}

# fmt: off
NEGATIVE_WORDS = {
    "no", "non", "not", "none", "without", "normal", "healthy", "control", "controls",
    "negative", "neg", "false", "clear", "benign",
}
POSITIVE_WORDS = {
    "yes", "positive", "pos", "true", "abnormal", "cancer", "malignant", "lesion", "lesions",
    "mass", "pathology", "tumor", "tumors", "tumorous", "tumour", "tumours", "tumourous",
    "glioma", "glioblastoma", "gbm", "lgg", "hgg", "astrocytoma", "meningioma", "pituitary",
    "schwannoma", "metastasis", "metastases", "patient", "patients", "disease", "diseased",
}
# fmt: on
SIGNS = ({"1"}, {"0"}), ({"y"}, {"n"})
DENIED = re.compile(r"^(no|non|not|without)(tumou?r|lesion|cancer|glioma|mass|patholog)")

LARGEST_FILE = 2**31
"""Bytes; a larger file is no scan that belongs in a folder of labelled slices."""
CROP_SAMPLE = 64
"""Pictures looked at to tell whether a folder was cropped to the brain before."""
CROPPED_SHARE = 0.90
"""A crop box that keeps this share of the area has found nothing left to crop."""


@dataclass(frozen=True)
class Entry:
    """One labelled scan. `file` is relative to the folder, with forward slashes."""

    file: str
    label: str
    part: str | None
    sha256: str
    height: int
    width: int


@dataclass(frozen=True)
class Unreadable:
    """A file that is no scan, with a short reason."""

    file: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """A folder of labelled scans, in natural order of their names.

    `classes` is (negative, positive): the order of the two outputs of the network.
    """

    root: Path
    entries: tuple[Entry, ...]
    unreadable: tuple[Unreadable, ...]
    classes: tuple[str, str]
    already_split: bool
    already_cropped: bool

    @property
    def positive(self) -> str:
        """The name of the class that is looked for."""
        return self.classes[1]

    def counts(self) -> dict[str, int]:
        """Scans of each class, negative first."""
        found = Counter(entry.label for entry in self.entries)
        return {label: found[label] for label in self.classes}

    def part_counts(self) -> dict[str, dict[str, int]] | None:
        """Scans of each class in each part that is there; none for a folder without a split."""
        if not self.already_split:
            return None
        found = Counter((entry.part, entry.label) for entry in self.entries)
        present = {part for part, _ in found}
        return {
            part: {label: found[part, label] for label in self.classes}
            for part in PARTS
            if part in present
        }


def infer_positive(names: Iterable[str]) -> str | None:
    """Which of two class names is the positive one, or none when the names do not tell.

    Understands yes/no, tumor/no_tumor, tumorous/nontumorous, positive/negative, 1/0,
    glioma/healthy and their like, in any case and with any separator.
    """
    first, second = names
    words = {name: set(re.findall(r"[a-z]+|[0-9]+", name.casefold())) for name in (first, second)}
    for one, other in ((first, second), (second, first)):
        if (words[one] - words[other], words[other] - words[one]) in SIGNS:
            return one
    negative = [name for name in (first, second) if _denies(name, words[name])]
    if len(negative) == 1:
        return second if negative[0] == first else first
    named = [name for name in (first, second) if words[name] & POSITIVE_WORDS]
    return named[0] if len(named) == 1 and not negative else None


def _denies(name: str, words: set[str]) -> bool:
    compact = re.sub(r"[^a-z]", "", name.casefold())
    return bool(words & NEGATIVE_WORDS) or DENIED.match(compact) is not None


def index_folder(
    root: Path,
    positive: str | None = None,
    already_cropped: bool | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Read every file once and list the scans, their classes and what could not be read.

    Args:
        root: A folder of class folders, or of train/valid/test with class folders inside.
        positive: The name of the positive class; none to infer it from the names.
        already_cropped: Whether the pictures are cropped to the brain already; none to
            measure it on a fixed sample of them.
        progress: Called with (files read, files in all).

    Raises:
        DatasetError: The folder is not a data set of two classes.
    """
    root = Path(root)
    if not is_folder(root):
        raise DatasetError(
            "a folder of scans",
            f"'{root}' is not one"
            if is_file(root)
            else f"'{root}' does not exist or cannot be reached",
            "Check the path.",
        )
    if not _is_text(str(root.resolve())):
        raise DatasetError(
            "a folder whose path is text",
            "a name in its path is not valid text",
            "Rename it.",
        )
    files, already_split = _labelled_files(root)
    classes = _classes(root, sorted({label for _, label, _ in files}, key=natural_key), positive)
    step = max(1, len(files) // CROP_SAMPLE)
    entries, unreadable, kept = [], [], []
    for number, (path, label, part) in enumerate(files):
        name = path.relative_to(root).as_posix()
        try:
            scan = read_scan(read_file(path), path.name)
        except UnreadableScan as problem:
            # A name that is not text would break every table and terminal it is shown on.
            shown = name.encode("utf-8", "replace").decode()
            unreadable.append(Unreadable(shown, problem.reason))
        else:
            height, width = scan.pixels.shape[:2]
            entries.append(Entry(name, label, part, scan.digests[0], height, width))
            if already_cropped is None and number % step == 0:
                box = find_brain(scan.pixels, Crop())
                if box.fallback is None:
                    kept.append(box.area / (height * width))
        if progress:
            progress(number + 1, len(files))
    for label in classes:
        if not any(entry.label == label for entry in entries):
            count = sum(1 for _, other, _ in files if other == label)
            raise DatasetError(
                "at least one readable scan of each class",
                f"none of the {count} files of '{label}' could be read",
                f"Look at what '{label}' holds. The first: {unreadable[0].reason}.",
            )
    if already_cropped is None:
        already_cropped = sum(share >= CROPPED_SHARE for share in kept) > len(kept) / 2
    return Dataset(root, tuple(entries), tuple(unreadable), classes, already_split, already_cropped)


def class_names(root: Path) -> list[str]:
    """Names of the class folders in natural order, however many there are; reads no scan.

    Raises:
        DatasetError: The folder cannot be listed.
    """
    files, _ = _labelled_files(Path(root))
    return sorted({label for _, label, _ in files}, key=natural_key)


def read_file(path: Path) -> bytes:
    """The bytes of a file that is expected to be a scan.

    Raises:
        UnreadableScan: It is no ordinary file, cannot be opened, is empty, far too large, or
            has a name that is not text.
    """
    expected, remedy = "a file with a scan in it", "Leave this file out or replace it."
    try:
        path.name.encode()
        if path.is_dir():
            raise UnreadableScan("a link to a folder, or a folder that is closed", expected, remedy)
        if not path.is_file():
            raise UnreadableScan("not an ordinary file", expected, remedy)
        size = path.stat().st_size
        if size == 0:
            raise UnreadableScan("the file is empty", expected, remedy)
        if size > LARGEST_FILE:
            raise UnreadableScan("the file is over 2 GB", expected, remedy)
        return path.read_bytes()
    except UnicodeEncodeError:
        reason = "its name is not valid text"
        raise UnreadableScan(reason, expected, "Rename the file.") from None
    except OSError as problem:
        reason = f"cannot be opened: {(problem.strerror or 'input/output error').lower()}"
        raise UnreadableScan(reason, expected, remedy) from None


def read_pixels(root: Path, file: str, sha256: str) -> np.ndarray:
    """The pixels of a scan of the data set, uint8 RGB (H, W, 3).

    Args:
        root: The folder of the data set.
        file: The scan, relative to it.
        sha256: Digest of the file as it was indexed.

    Raises:
        DatasetError: The file is gone, has changed since, or cannot be read any more.
    """
    try:
        data = read_file(root / file)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DatasetError(
                "the scans as they were when the folder was read",
                f"'{file}' has changed since",
                "Put the original file back, or read the folder again.",
            )
        return read_scan(data, Path(file).name).pixels
    except UnreadableScan as problem:
        raise DatasetError(
            "every scan to be where it was",
            f"'{file}' cannot be read any more: {problem.reason}",
            "Put the original file back, or read the folder again.",
        ) from None


def _labelled_files(root: Path) -> tuple[list[tuple[Path, str, str | None]], bool]:
    """Every candidate with its class and part, in natural order; whether there are parts."""
    folders = _folders(root)
    parts = {folder: PART_FOLDERS.get(folder.name.casefold()) for folder in folders}
    split = "train" in parts.values() and len(set(parts.values()) - {None}) > 1
    found: list[tuple[Path, str, str | None]] = []
    for folder in folders:
        part = parts[folder]
        if split and part is None:
            continue
        for labelled in _folders(folder) if split else [folder]:
            own_part = part if split else None
            found += [(path, labelled.name, own_part) for path in scan_files(labelled)]
    return found, split


def _folders(parent: Path) -> list[Path]:
    try:
        children = [child for child in parent.iterdir() if child.is_dir()]
    except OSError as problem:
        raise DatasetError(
            "a folder that can be listed",
            f"'{parent}' cannot be ({(problem.strerror or 'input/output error').lower()})",
            "Check that it is there and may be read.",
        ) from None
    children = [c for c in children if c.name[0] != "." and c.name.casefold() not in NOT_CLASSES]
    return sorted(children, key=lambda child: natural_key(child.name))


def _classes(root: Path, names: list[str], positive: str | None) -> tuple[str, str]:
    if len(names) != 2:
        listed = ", ".join(f"'{name}'" for name in names[:6]) + (", …" if len(names) > 6 else "")
        received = {
            0: f"'{root.name}' holds no sub-folder with files in it",
            1: f"'{root.name}' holds only {listed}",
        }.get(len(names), f"'{root.name}' holds {len(names)}: {listed}")
        remedy = "Put the scans into two sub-folders such as yes and no."
        if len(names) == 1 and len(_folders(root / names[0])) > 1:
            remedy = f"If the classes are inside '{names[0]}', choose that folder."
        raise DatasetError("a folder with one sub-folder for each of two classes", received, remedy)
    if positive is None:
        positive = infer_positive(names)
        if positive is None:
            raise DatasetError(
                "class names that tell which is positive, such as yes and no",
                f"the classes are called '{names[0]}' and '{names[1]}'",
                f"Say which is positive: --positive {names[0]} or --positive {names[1]}.",
            )
    matching = [name for name in names if name.casefold() == positive.casefold()]
    if len(matching) != 1 and positive not in names:
        raise DatasetError(
            f"the positive class to be '{names[0]}' or '{names[1]}'",
            f"'{positive}' was given",
            "Use the name of one of the two sub-folders.",
        )
    chosen = positive if positive in names else matching[0]
    return next(name for name in names if name != chosen), chosen


def _is_text(path: str) -> bool:
    """Whether a path can be written down; Linux lets names be any bytes."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
