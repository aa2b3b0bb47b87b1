"""How figures hold where scans look otherwise: `python -m benchmarks robustness CROSSVAL`.

Each scan is predicted by the fold that has not met it, as it is and changed in ways in which
scans of other hospitals differ: levels, window, receiver coil, resolution, noise, pose, a black
that is no black, a skull taken off. It is no other hospital; it finds what a network leans on that
another scanner would take away. Changes come before the crop, as another file would.

Intervals are at 95 %: Wilson's for accuracy, and a bootstrap by group of near copies for the AUC.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from benchmarks._lines import note, say
from core.config import Crop
from core.data.index import read_pixels
from core.errors import NeuroStageError
from core.evaluation.parts import PartView
from core.imaging.cropping import head_mask
from core.imaging.preprocessing import prepare, scale
from core.prediction import BATCH, Predictor
from core.training.runs import Run
from core.training.workspace import Workspace, default_workspace

Change = Callable[[np.ndarray], np.ndarray]
"""From a scan, uint8 RGB (H, W, 3), to such a scan."""


def gamma(exponent: float) -> Change:
    """Grey levels bent; below 1 the dark ones rise."""
    return lambda scan: _grey(255 * (scan / np.float32(255)) ** exponent)


def window(scan: np.ndarray) -> np.ndarray:
    """A narrow window: a third of the pixels black, one in twelve white."""
    dark, bright = np.percentile(scan, (30, 92))
    return _grey((scan - np.float32(dark)) * 255 / max(bright - dark, 1))


def coil(scan: np.ndarray) -> np.ndarray:
    """Brightness that rises by 45 % to one side and falls as much to the other."""
    height, width = scan.shape[:2]
    bearing = _rng(scan).uniform(0, 2 * np.pi)
    rise = np.linspace(-1, 1, width)[None] * np.cos(bearing)
    rise = rise + np.linspace(-1, 1, height)[:, None] * np.sin(bearing)
    return _grey(scan * (1 + 0.45 * rise[..., None]))


def coarse(scan: np.ndarray) -> np.ndarray:
    """As of a matrix of 110 pixels along the longer side."""
    height, width = scan.shape[:2]
    share = 110 / max(height, width)
    small = cv2.resize(scan, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def noise(scan: np.ndarray) -> np.ndarray:
    """Rician, of 14 grey levels (Gudbjartsson & Patz 1995)."""
    real, imaginary = _rng(scan).normal(0, 14, (2, *scan.shape[:2]))
    return _grey(np.hypot(scan[..., 0] + real, imaginary)[..., None].repeat(3, axis=2))


def turned(scan: np.ndarray) -> np.ndarray:
    """By 12 degrees."""
    height, width = scan.shape[:2]
    wide = cv2.copyMakeBorder(
        scan, height // 5, height // 5, width // 5, width // 5, cv2.BORDER_CONSTANT
    )
    height, width = wide.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1)
    return cv2.warpAffine(wide, turn, (width, height))


def veiled(scan: np.ndarray) -> np.ndarray:
    """Black at a level of 40, white at 160."""
    return _grey(40 + scan * np.float32(120 / 255))


def stripped(scan: np.ndarray) -> np.ndarray:
    """Without the outer twelfth of the head, which is about scalp and skull."""
    head = np.zeros(scan.shape[:2], np.uint8)
    outline = cv2.convexHull(cv2.findNonZero(head_mask(scan, Crop()).astype(np.uint8)))
    cv2.fillConvexPoly(head, outline, 1)
    reach = max(1, int(0.085 * np.sqrt(head.sum())))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return scan * cv2.erode(cv2.copyMakeBorder(head, 1, 1, 1, 1, 0), kernel)[1:-1, 1:-1, None]


CHANGES: dict[str, Change] = {
    "as they are": lambda scan: scan,
    "brighter (gamma 0.6)": gamma(0.6),
    "darker (gamma 1.7)": gamma(1.7),
    "narrow window": window,
    "uneven coil": coil,
    "coarse": coarse,
    "noisy": noise,
    "turned by 12°": turned,
    "veiled": veiled,
    "skull taken off": stripped,
}


def _rng(scan: np.ndarray) -> np.random.Generator:
    """Random numbers that are a scan's own."""
    return np.random.default_rng(int(scan.sum()))


def _grey(levels: np.ndarray) -> np.ndarray:
    return np.rint(levels).clip(0, 255).astype(np.uint8)


def predicted(run: Run, stage: str) -> pd.DataFrame:
    """What a fold says of its test scans under every change, a row a scan and change."""
    predictor = Predictor(run, stage)
    split = run.split()
    test = split[(split["split"] == "test") & (split["view"] == 0)]
    root, protocol = Path(run.config.data.root), run.protocol
    scans = [read_pixels(root, row.file, row.sha256) for row in test.itertuples()]
    tables = []
    for name, change in CHANGES.items():
        seen = [
            prepare(change(scan), protocol, cropped_already=run.config.data.already_cropped).pixels
            for scan in scans
        ]
        found: list[float] = []
        for first in range(0, len(seen), BATCH):
            inputs = scale(np.stack(seen[first : first + BATCH]), protocol.input.scaling)
            found += predictor.model.predict_on_batch(inputs)[:, 1].tolist()
        tables.append(test[["file", "label", "group"]].assign(change=name, probability=found))
        note(f"{run.name}: {name}")
    return pd.concat(tables)


def row(name: str, part: PartView) -> str:
    """A line of the table."""
    found = part.result()
    figures = (
        f"{100 * value:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
        if key != "auc"
        else f"{value:.3f} ({low:.3f}–{high:.3f})"
        for key in ("accuracy", "sensitivity", "specificity", "auc")
        for value, (low, high) in [(getattr(found, key), found.intervals[key] or (0, 1))]
    )
    return f"| {name} | {' | '.join(figures)} |"


def main() -> None:
    """Predict every scan under every change and print the table, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks robustness")
    parser.add_argument("crossval", help="name of a cross-validation")
    parser.add_argument("--stage", default="baseline", help="one whose models were kept")
    parser.add_argument("--workspace", type=Path, default=default_workspace())
    options = parser.parse_args()
    try:
        crossval = Workspace(options.workspace).crossval(options.crossval)
        runs = crossval.runs()
        rows = pd.concat([predicted(run, options.stage) for run in runs])
    except NeuroStageError as error:
        sys.exit(str(error))
    say("| scans | accuracy | sensitivity | specificity | AUC |")
    say("| --- | --- | --- | --- | --- |")
    for name in CHANGES:
        part = rows[rows["change"] == name].reset_index(drop=True)
        say(row(name, PartView(part, runs[0].positive, seed=7)))


if __name__ == "__main__":
    main()
