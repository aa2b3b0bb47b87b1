"""When not to answer: pictures on which any probability would be a guess.

First rules, cheap and far from any real scan. Each limit stands beside what was measured on
2,294 brain MR slices from the web (223 originals, 2,071 cropped and augmented ones). Then the
distance from the training scans, which knows what a brain looks like (`core.model.typicality`).
"""

import math
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from core.imaging.body_parts import OTHER_PARTS

SMALLEST_SIDE = 48
"""Pixels. A head is some 200 mm long: below this a 1 cm lesion is hardly two pixels wide, and
the network's 240 pixels would be invented. The smallest slice measured has 93."""

LEAST_CONTRAST = 16.0
"""Grey levels between the 1st and the 99th percentile. Slices have 120 and more."""

LEAST_LIKENESS = 0.5
"""Correlation of neighbouring pixels. Slices have 0.83 and more, noise has 0."""

COLOURED = 40
"""Difference of the largest and the smallest of red, green and blue that counts as colour."""

MOST_COLOUR = 0.15
"""Share of coloured pixels. Slices have 0.04 at most (a coloured mark), photographs of
landscapes and flowers 0.26 and more."""


MODALITIES = {"MR", "OT", "SC"}
"""What a file may call itself: MR, or something that does not tell (other, secondary capture)."""


def judge_tags(tags: Mapping[str, str]) -> str | None:
    """Say why a file should not be answered for, from what it says of itself.

    Args:
        tags: Of the scan, by DICOM keyword.

    Returns:
        A sentence for a person, or none when nothing speaks against an answer.
    """
    modality = tags.get("Modality")
    if modality is not None and modality not in MODALITIES:
        return f"Not MR: the file says that its modality is {modality}."
    part = tags.get("BodyPartExamined")
    if part in OTHER_PARTS:
        return f"Not a brain: the file says that it shows {part}."
    return None


def judge_distance(distance: float | None) -> str | None:
    """Say why a picture should not be answered for that the network has seen nothing like.

    Args:
        distance: From the training scans, as a multiple of what is typical of them (see
            `core.model.typicality.Typicality.distance`); none when it is not known.

    Returns:
        A sentence for a person, or none when nothing speaks against an answer.
    """
    if distance is None or distance <= 1:
        return None
    return (
        "Unlike the training scans: to this network it lies farther from them than 97 in 100 of "
        f"them lie from the others, {math.ceil(100 * distance) / 100:.2f} times as far."
    )


def judge(pixels: NDArray[np.uint8]) -> str | None:
    """Say why a picture should not be answered for.

    Args:
        pixels: uint8 RGB, (H, W, 3), any size.

    Returns:
        A sentence for a person, or none when nothing speaks against an answer.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        return (
            f"Too small: {width} × {height} pixels, and a lesion needs "
            f"at least {SMALLEST_SIDE} either way to show."
        )
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY).astype(np.float32)
    darkest, brightest = np.percentile(grey, (1, 99))
    if brightest - darkest < LEAST_CONTRAST:
        return "Blank: the picture has next to no contrast."
    if min(_likeness(grey[:, :-1], grey[:, 1:]), _likeness(grey[:-1], grey[1:])) < LEAST_LIKENESS:
        return "Noise: neighbouring pixels have next to nothing in common."
    # Through OpenCV: NumPy takes ten times as long over an axis of three.
    red, green, blue = cv2.split(pixels)
    chroma = cv2.max(cv2.max(red, green), blue) - cv2.min(cv2.min(red, green), blue)
    if float((chroma > COLOURED).mean()) > MOST_COLOUR:
        return "In colour: an MR scan is grey."
    return None


def _likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Pearson's correlation, 0 where one side is constant."""
    a, b = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((a * a).mean() * (b * b).mean()))
    return float((a * b).mean()) / scale if scale else 0.0
