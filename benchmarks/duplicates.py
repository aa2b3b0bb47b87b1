"""How well near copies are found: `python -m benchmarks duplicates DIR`.

DIR holds `brain_tumor_dataset` (223 originals) and `report_split` (2,071 pictures made from
them, with the original's name in the name of the file). The names and the list below are the
truth; the search looks at pixels alone.
"""

import argparse
import re
import time
from collections.abc import Callable
from io import BytesIO
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks._lines import say
from core.data.duplicates import SAME_SLICE, audit, find_copies
from core.data.index import Dataset, index_folder, read_pixels
from core.data.resemblance import likeness, most_alike, portray
from core.evaluation.intervals import wilson
from core.imaging.views import make_view, view_rng
from core.protocols import REPORT

BY_EYE = """
N_2 N_42, N_7 N_16 N_67, N_8 N_47 N_59, N_17 N_34, N_20 N_21, N_26 N_33, N_27 N_64 N_65,
N_28 N_30, N_29 N_50, N_60 N_63, Y_2 Y_8, Y_10 Y_82, Y_12 Y_84 Y_114, Y_13 Y_69, Y_15 Y_138,
Y_17 Y_24, Y_20 Y_131, Y_27 Y_85, Y_29 Y_36 Y_137, Y_31 Y_100, Y_38 Y_63 Y_147,
Y_40 Y_61 Y_93 Y_129, Y_46 Y_108, Y_55 Y_115, Y_56 Y_117, Y_62 Y_148, Y_67 Y_104 Y_124 Y_139,
Y_74 Y_128, Y_77 Y_92, Y_83 Y_142, Y_105 Y_126, Y_106 Y_111, Y_125 Y_127 Y_140
"""
"""Originals that show the same slice, as seen by looking at pairs (docs/duplicates.md)."""
FAMILY = {name: group.split()[0] for group in BY_EYE.split(",") for name in group.split()}


def recompressed(pixels: np.ndarray, quality: int) -> np.ndarray:
    """The picture after JPEG at this quality."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "jpeg", quality=quality)
    return np.asarray(Image.open(file))


def smaller(pixels: np.ndarray, side: int) -> np.ndarray:
    """The picture with its longer side at most so many pixels."""
    factor = min(1.0, side / max(pixels.shape[:2]))
    return cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def cut(pixels: np.ndarray, share: float) -> np.ndarray:
    """The picture less this share at each edge."""
    down, right = (round(share * side) for side in pixels.shape[:2])
    return pixels[down:-down, right:-right]


def noisy(pixels: np.ndarray, deviation: float) -> np.ndarray:
    """The picture with Gaussian noise of so many grey levels."""
    noise = np.random.default_rng(7).normal(0, deviation, pixels.shape[:2])[..., None]
    return (pixels + noise).clip(0, 255).astype(np.uint8)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mirrored and a quarter turn": lambda p: np.rot90(p[:, ::-1]),
    "brightness 0.3": lambda p: (p * 0.3).astype(np.uint8),
    "gamma 2": lambda p: (255 * (p / 255) ** 2).astype(np.uint8),
    "JPEG quality 10": lambda p: recompressed(p, 10),
    "longer side 128 pixels": lambda p: smaller(p, 128),
    "longer side 64 pixels": lambda p: smaller(p, 64),
    "a tenth cut off at each edge": lambda p: cut(p, 0.10),
    "a fifth cut off at each edge": lambda p: cut(p, 0.20),
    "noise of 10 grey levels": lambda p: noisy(p, 10),
    "a random view of the report": lambda p: make_view(p, REPORT.augmentation, view_rng(7, "", 1)),
    "negative (grey levels inverted)": lambda p: 255 - p,
}


def origin(file: str) -> str:
    """The slice that a file shows, by its name: the first of its family."""
    name = re.search(r"[YN]_[0-9]+", Path(file).name)
    return FAMILY.get(name[0], name[0]) if name else file


def share(successes: int, count: int) -> str:
    """A share with its interval, for a table."""
    low, high = wilson(successes, count) or (0, 1)
    return f"{successes}/{count} | {successes / count:.1%} ({low:.1%}–{high:.1%})"


def curve(title: str, same: np.ndarray, different: np.ndarray) -> None:
    """How many pairs of either kind each threshold takes for copies."""
    say(f"\n### {title}\n\n| likeness from | same slice found | different taken for copies |")
    say("|---|---|---|")
    for threshold in (0.5, 0.6, 0.65, 0.7, SAME_SLICE, 0.8, 0.85, 0.9):
        found, wrong = (same >= threshold).sum(), (different >= threshold).sum()
        say(f"| {threshold} | {found} of {len(same)} | {wrong} of {len(different)} |")
    say(f"\nLowest of the same {same.min():.3f}; highest of different {different.max():.3f}.")


def originals(dataset: Dataset) -> None:
    """Pairs of the originals, and each original against a changed copy of itself."""
    pictures = [read_pixels(dataset.root, e.file, e.sha256) for e in dataset.entries]
    portraits = [portray(picture) for picture in pictures]
    say("\n### An original and a changed copy of it\n")
    say("| change | recognised | share |\n|---|---|---|")
    for name, change in CHANGES.items():
        changed = [portray(np.ascontiguousarray(change(picture))) for picture in pictures]
        found = sum(
            likeness(one, other, SAME_SLICE) >= SAME_SLICE
            for one, other in zip(portraits, changed, strict=True)
        )
        say(f"| {name} | {share(found, len(pictures))} |")
    truth = np.array([origin(entry.file) for entry in dataset.entries])
    alike = {tuple(sorted((i, j))) for i, row in enumerate(most_alike(portraits, 20)) for j in row}
    alike |= {(i, j) for i, j in combinations(range(len(truth)), 2) if truth[i] == truth[j]}
    scores = np.array([likeness(portraits[i], portraits[j], SAME_SLICE) for i, j in alike])
    same = np.array([truth[i] == truth[j] for i, j in alike])
    curve("Originals: all true pairs, and the 20 most alike of each", scores[same], scores[~same])


def hard_pairs(dataset: Dataset, count: int = 500) -> None:
    """Pairs of the split: any two views of a slice, and the most alike of different slices."""
    portraits = [portray(read_pixels(dataset.root, e.file, e.sha256)) for e in dataset.entries]
    truth = np.array([origin(entry.file) for entry in dataset.entries])
    rng = np.random.default_rng(7)
    nearest = most_alike(portraits, 64)
    same, different = [], []
    for one in rng.permutation(len(truth))[:count]:
        siblings = np.flatnonzero(truth == truth[one])
        other = rng.choice(siblings[siblings != one])
        same.append(likeness(portraits[one], portraits[other], SAME_SLICE))
        strangers = nearest[one][truth[nearest[one]] != truth[one]]
        if len(strangers):
            different.append(likeness(portraits[one], portraits[strangers[0]], SAME_SLICE))
    curve("Pairs of views in the split", np.array(same), np.array(different))


def groups(dataset: Dataset) -> None:
    """The search as it runs in the program: its time, its groups, what it says about leaks."""
    started, worked = time.perf_counter(), time.process_time()
    copies = find_copies(dataset.root, dataset.entries)
    wall, processor = time.perf_counter() - started, time.process_time() - worked
    found = audit(dataset, copies)
    truth = {entry.file: origin(entry.file) for entry in dataset.entries}
    mixed = sum(len({truth[file] for file in group}) > 1 for group in found.near_copies)
    say(f"\n### {dataset.root.name}: {found.scans} pictures\n")
    say(f"{wall:.0f} s, {processor:.0f} s of processor time.")
    say(f"{found.distinct} groups, {len(set(truth.values()))} in truth; {mixed} mix slices.")
    say(f"{len(found.exact_copies)} groups of exact copies, {len(found.near_copies)} of near.")
    wrong = sum(truth[match.first] != truth[match.second] for match in copies.matches)
    say(f"{len(copies.matches)} pairs were linked, {wrong} of them wrongly.")
    if found.leakage:
        trained = {truth[e.file] for e in dataset.entries if e.part == "train"}
        say("\n| part | found to be leaked | share |\n|---|---|---|")
        for part, leaked in found.leakage.items():
            files = [entry.file for entry in dataset.entries if entry.part == part]
            truly = sum(truth[file] in trained for file in files)
            say(f"| {part} | {share(round(leaked * len(files)), truly)} |")


def main() -> None:
    """Run the study and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.duplicates")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="only the search itself")
    arguments = parser.parse_args()
    single = index_folder(arguments.folder / "brain_tumor_dataset")
    split = index_folder(arguments.folder / "report_split")
    groups(single)
    groups(split)
    if not arguments.quick:
        originals(single)
        hard_pairs(split)


if __name__ == "__main__":
    main()
