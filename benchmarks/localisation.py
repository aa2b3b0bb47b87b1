"""Whether maps find lesions: `python -m benchmarks localisation RUN --masks DIR`.

With `--crossval` in the place of a run each scan is mapped by the fold that has not met it.

For every method and stage, over scans with a mask of the lesion:

- pointing game (Zhang et al. 2018, "Top-down neural attention by excitation backprop"): how
  often the hottest pixel lies in the lesion, without the paper's tolerance of 15 pixels;
- heat inside: the share of a map's heat that lies in the lesion, mean over scans.

An empty map misses and has no heat inside. Maps explain the positive class, whatever the
network called the scan. Three maps that have seen no network stand beside them: an even one, a
round one in the middle of the picture, and one that rises from the outline of the head to its
middle. Intervals are at 95 %: Wilson's for the pointing game, and a bootstrap of the mean by
group of near copies for heat.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks import _judged
from benchmarks._lines import note, say
from core.config import Protocol
from core.data.index import read_file
from core.errors import NeuroStageError
from core.evaluation.intervals import GroupBootstrap, percentile, wilson
from core.evaluation.results import PARTS
from core.explanation.geometry import to_scan
from core.explanation.methods import METHODS, method
from core.imaging.cropping import head_mask
from core.imaging.preprocessing import Prepared, scale
from core.imaging.scans import read_scan
from core.intake import Intake
from core.prediction import BATCH, Predictor
from core.training.runs import Run

POSITIVE = 1


@dataclass(frozen=True, eq=False)
class Known:
    """A scan whose lesion is known.

    Attributes:
        prepared: What the network sees of it.
        lesion: (H, W), true inside.
        group: Of near copies.
        seen: Whether the run was trained on it.
    """

    prepared: Prepared
    lesion: np.ndarray
    group: object
    seen: bool


@dataclass(frozen=True)
class Found:
    """How well one map found one lesion."""

    hit: bool
    inside: float
    empty: bool = False


Results = defaultdict[tuple[str, str], list[Found]]
"""By stage and map, in the order of the scans."""


def known_scans(run: Run, masks: Path, scans: Path | None, parts: tuple[str, ...]) -> list[Known]:
    """Scans that have a mask of the same stem: of these parts of the run, or of a folder."""
    split = run.split()
    originals = split[(split["view"] == 0) & split["split"].isin(parts)]
    root, intake = Path(run.config.data.root), Intake(run)
    rows = (
        [(root / row.file, row.group, row.split == "train") for row in originals.itertuples()]
        if scans is None
        else [(path, path.stem, False) for path in sorted(scans.rglob("*")) if path.is_file()]
    )
    found = []
    for path, group, seen in rows:
        mask = masks / f"{path.stem}.png"
        if not mask.is_file():
            continue
        scan = read_scan(read_file(path), path.name)
        lesion = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE) > 127
        if lesion.shape != scan.pixels.shape[:2]:
            sys.exit(f"Expected a mask of the size of its scan, but {mask.name} has another.")
        if lesion.any():
            found.append(Known(intake.prepare(scan), lesion, group, seen))
    return found


def score(map: np.ndarray, lesion: np.ndarray) -> Found:
    """How well a map (H, W) finds a lesion (H, W). Where pixels are equally hot, most decide."""
    total = float(map.sum())
    if total <= 0:
        return Found(False, 0.0, True)
    hottest = map >= map.max()
    return Found(bool(lesion[hottest].mean() >= 0.5), float(map[lesion].sum()) / total)


def priors(scan: Known, protocol: Protocol) -> dict[str, np.ndarray]:
    """Maps that have seen no network, (H, W), by name."""
    size = protocol.input.size
    across = (np.arange(size) - (size - 1) / 2) / size
    centre = np.exp(-(across[:, None] ** 2 + across[None] ** 2) / (2 * 0.2**2))
    head = head_mask(scan.prepared.pixels, protocol.crop)
    depth = cv2.distanceTransform(head.astype(np.uint8), cv2.DIST_L2, 5)
    maps = {"even": np.ones((size, size)), "centre": centre, "brain-shaped": depth}
    return {name: to_scan(m.astype(np.float32), scan.prepared) for name, m in maps.items()}


def by_method(
    predictor: Predictor, scans: list[Known], methods: list[str]
) -> dict[str, list[Found]]:
    """Every scan's map by every method, scored."""
    found: dict[str, list[Found]] = {name: [] for name in methods}
    for first in range(0, len(scans), BATCH):
        batch = scans[first : first + BATCH]
        pictures = np.stack([scan.prepared.pixels for scan in batch])
        look = predictor.explainer.look(scale(pictures, predictor.protocol.input.scaling), POSITIVE)
        for name in methods:
            maps = look.maps(name).maps
            for scan, map in zip(batch, maps, strict=True):
                found[name].append(score(to_scan(map, scan.prepared), scan.lesion))
        note(f"{predictor.stage}: {first + len(batch)} of {len(scans)}")
    return found


def row(stage: str, name: str, found: list[Found], groups: list[object]) -> str:
    """A line of the table."""
    hits, count = sum(f.hit for f in found), len(found)
    low, high = wilson(hits, count) or (0.0, 1.0)
    inside = np.array([f.inside for f in found])
    bootstrap = GroupBootstrap.of([str(group) for group in groups], seed=7)
    least, most = percentile(bootstrap.means(inside)) or (0.0, 1.0)
    empty = sum(f.empty for f in found)
    return (
        f"| {stage} | {name} | {hits}/{count} = {hits / count:.0%} ({low:.0%}–{high:.0%}) "
        f"| {inside.mean():.1%} ({least:.1%}–{most:.1%}) | {empty or '–'} |"
    )


def table(title: str, rows: Iterator[str]) -> None:
    """Print a table with its heading."""
    say(f"\n### {title}\n")
    say("| stage | map | pointing game | heat inside the lesion | empty maps |")
    say("| --- | --- | --- | --- | --- |")
    for line in rows:
        say(line)


def assess(run: Run, options: argparse.Namespace, results: Results) -> list[Known]:
    """Score every stage of a run that has its model; add to the results, return the scans."""
    there = _judged.stages_with_model(run)
    stages = options.stages.split(",") if options.stages else there
    if options.crossval and not set(stages) <= set(there):
        say(f"{run.name} has no model of {', '.join(stages)}: its scans are left out.")
        return []
    held_out = options.crossval or options.held_out
    parts = _judged.parts(options) if held_out else PARTS
    methods = options.methods.split(",") if options.methods else list(METHODS)
    scans = known_scans(run, options.masks, options.scans, parts)
    for scan in scans:
        for name, map in priors(scan, run.protocol).items():
            results["none", f"{name} prior"].append(score(map, scan.lesion))
    for stage in stages:
        for name, found in by_method(Predictor(run, stage), scans, methods).items():
            results[stage, method(name).title] += found
    return scans


def main() -> None:
    """Score a run and print its tables, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks localisation")
    _judged.add_to(parser)
    parser.add_argument("--masks", type=Path, required=True, help="PNG files, white is lesion")
    parser.add_argument("--scans", type=Path, help="of these masks; else those of the run")
    parser.add_argument(
        "--held-out", action="store_true", help="only scans that the run was not trained on"
    )
    parser.add_argument("--stages", help="separated by commas; else all that have a model")
    parser.add_argument("--methods", help="separated by commas; else all")
    options = parser.parse_args()
    scans: list[Known] = []
    results: Results = defaultdict(list)
    try:
        for run in _judged.runs(options):
            scans += assess(run, options, results)
    except NeuroStageError as error:
        sys.exit(str(error))
    if not scans:
        sys.exit("Expected masks named after scans, but there is none.")
    unseen = [i for i, scan in enumerate(scans) if not scan.seen]
    for title, chosen in (("All scans", range(len(scans))), ("Not trained on", unseen)):
        if len(chosen) and (title == "All scans" or len(chosen) < len(scans)):
            groups = [scans[i].group for i in chosen]
            table(
                f"{title}: {len(chosen)}",
                (
                    row(stage, name, [found[i] for i in chosen], groups)
                    for (stage, name), found in results.items()
                ),
            )


if __name__ == "__main__":
    main()
