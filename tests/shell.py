"""The shell as a person or a script meets it, and small scans to give it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from core.training.runs import Run

ROOT = Path(__file__).resolve().parents[1]
SIDE = 80
SMALL = ["--size", "32", "--epochs", "1"]


def shell(*words: object) -> subprocess.CompletedProcess[str]:
    """A command as a process of its own, from the root of the repository."""
    return subprocess.run(
        [sys.executable, "-m", "core", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def here(run: Run) -> tuple[str, Path]:
    """The option that names the workspace of a run."""
    return "--workspace", run.path.parent.parent


def write_scan(path: Path, *, mass: bool, seed: int) -> None:
    """A mottled ellipse, with a bright disc in it if `mass`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    # Different enough for no two to be near copies of one another.
    fine = Image.fromarray(rng.integers(50, 190, (24, 24)).astype(np.uint8))
    texture = np.asarray(fine.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    picture = np.where(((x - 40) / 30) ** 2 + ((y - 40) / 34) ** 2 < 1, texture, 0)
    across, down = rng.uniform(30, 50, 2)
    if mass:
        picture = np.where((x - across) ** 2 + (y - down) ** 2 < 60, 240, picture)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path)
