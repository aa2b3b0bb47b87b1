"""A demonstration set, for somebody without data of their own.

demonstration/
scans/no_tumour/  scans/tumour/    the data set: simulated subjects, half with a mass
samples/                           more subjects, in no split, to be explained
masks/                             the mass of each scan and sample, white on black
about.json                         how it was made; written last
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.data.phantom import SIZE, UInt8, load_anatomy, simulate
from core.storage import write_bytes, write_text

CLASSES = ("no_tumour", "tumour")
COUNT = 240
SAMPLES = 6


def make_demonstration(
    folder: Path,
    seed: int = 7,
    count: int = COUNT,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the demonstration set, unless it is there already.

    The same arguments give the same bytes.

    Args:
        folder: Where it goes; made when needed.
        seed: Of all that is random.
        count: Number of scans, half of them with a mass.
        progress: Called with the scans done and the scans in all.

    Returns:
        The folder of class folders, `folder/scans`.
    """
    scans = folder / "scans"
    about = {
        "seed": seed,
        "count": count,
        "samples": SAMPLES,
        "size": SIZE,
        "source": "simulated from the MNI152 template (ICBM 2009a nonlinear symmetric, T1)",
    }
    if _is_made(folder, about):
        return scans
    for old in [*scans.glob("*/scan*.png"), *folder.glob("*/s*[0-9].png")]:
        old.unlink()
    anatomy = load_anatomy()
    for number in range(count + SAMPLES):
        ill = number % 2 == 1
        sample = number >= count
        # A subject depends on its own number alone, so that a larger set begins like a smaller.
        source = (seed, 1, number - count) if sample else (seed, 0, number)
        name = f"sample{number - count + 1}.png" if sample else f"scan{number + 1:03d}.png"
        subject = simulate(anatomy, np.random.default_rng(source), mass=ill)
        place = folder / "samples" if sample else scans / CLASSES[ill]
        write_bytes(place / name, _png(subject.pixels))
        if ill:
            write_bytes(folder / "masks" / name, _png(subject.mask))
        if progress:
            progress(number + 1, count + SAMPLES)
    write_text(folder / "about.json", json.dumps(about, indent=2))
    return scans


def samples(folder: Path) -> list[Path]:
    """The scans of a demonstration that are in no split, for somebody who has none yet.

    Args:
        folder: What was given to `make_demonstration`.

    Returns:
        Picture files in order; empty when the demonstration has not been made.
    """
    return sorted((folder / "samples").glob("sample*.png"))


def _png(pixels: UInt8) -> bytes:
    _, data = cv2.imencode(".png", pixels)
    return data.tobytes()


def _is_made(folder: Path, about: dict[str, Any]) -> bool:
    try:
        return bool(json.loads((folder / "about.json").read_text()) == about)
    except (OSError, ValueError):
        return False
