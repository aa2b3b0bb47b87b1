"""Whether two pictures show the same slice, however it was turned, mirrored, cropped or lit.

Two steps, as in the registration of medical images. A search compares small levelled thumbnails
of all pictures with one another under every flip and quarter turn and some tilts, zooms and
shifts, and names the few most alike. A comparison then registers two pictures by an affine
transform (ECC: Evangelidis and Psarakis, IEEE TPAMI 30 (10), 2008; in OpenCV) and correlates
their fine texture over what they share. Texture is grey level less its surroundings, over the
local contrast: the folds of a brain in it are as distinct as a fingerprint, while the shape of
the head and the brightness of a sequence, which different people share, are gone.
"""

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from core.config import Crop
from core.imaging.cropping import find_brain

FINE, COARSE, THUMB = 128, 64, 16
"""Sides of the squares, in pixels: for the comparison, the registration and the search."""
LARGEST = 512
"""Pixels of the longer side beyond which a picture is shrunk first."""
OUTSIDE = 15
"""Grey level, after stretching, up to which a blurred pixel is background."""
LEAST_OVERLAP = 0.5
"""Share of the smaller head that must be common to both pictures."""
DOUBTFUL = 0.30
"""A first score above this may come from a mirrored start: a brain resembles its mirror image."""
ATTEMPTS = 4
ITERATIONS, PRECISION = 50, 1e-4


@dataclass(frozen=True)
class Start:
    """A place for a registration to start from: x' = linear (x - centre) + centre + shift."""

    linear: np.ndarray
    shift: tuple[float, float]
    flip: int


def _starts() -> list[Start]:
    """Eight flips and quarter turns, each at three tilts, two zooms and five places."""
    starts = []
    for tilt, zoom in product(np.deg2rad([-12, 0, 12]), [0.8, 1.0]):
        for shift in [(0.0, 0.0), (0.12, 0.0), (-0.12, 0.0), (0.0, 0.12), (0.0, -0.12)]:
            for flip in range(8):
                angle = tilt + flip // 2 * np.pi / 2
                turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
                mirror = np.diag([1.0 - 2.0 * (flip % 2), 1.0])
                starts.append(Start(zoom * np.array(turn) @ mirror, shift, flip))
    return starts


def _matrix(linear: np.ndarray, shift: np.ndarray | tuple[float, float], side: int) -> np.ndarray:
    """The 2 x 3 matrix of a transform about the centre; `shift` in sides, the result in pixels."""
    centre = np.full(2, (side - 1) / 2)
    offset = centre - linear @ centre + np.asarray(shift) * side
    return np.column_stack([linear, offset]).astype(np.float32)


STARTS = _starts()
_GRID = np.stack(np.meshgrid(np.arange(THUMB), np.arange(THUMB)), axis=-1)
_MAPS = np.concatenate(
    [_GRID @ m[:, :2].T + m[:, 2] for m in (_matrix(s.linear, s.shift, THUMB) for s in STARTS)]
).astype(np.float32)
"""Where every pixel of a thumbnail comes from, for all starts below one another."""
_DISC = (np.hypot(*np.mgrid[-1 : 1 : THUMB * 1j, -1 : 1 : THUMB * 1j]) < 1).ravel()


@dataclass(frozen=True)
class Portrait:
    """What is kept of a picture to compare it with others.

    Attributes:
        thumb: float32, (16, 16), levelled.
        coarse: uint8, (64, 64), levelled.
        texture: uint8, (128, 128); 128 is level.
        head: uint8, (128, 128), 1 where there is something to see.
    """

    thumb: np.ndarray
    coarse: np.ndarray
    texture: np.ndarray
    head: np.ndarray


def portray(pixels: np.ndarray) -> Portrait:
    """Crop a picture to the brain, square it and level its light.

    Args:
        pixels: uint8 RGB, (H, W, 3).
    """
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    shrink = min(1.0, LARGEST / max(grey.shape))
    if shrink < 1:
        grey = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    grey = cv2.convertScaleAbs(grey, alpha=255 / max(1.0, np.percentile(grey, 99.5)))
    box = find_brain(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), Crop())
    fine, coarse = (
        cv2.resize(box.cut(grey), (side, side), interpolation=cv2.INTER_AREA)
        for side in (FINE, COARSE)
    )
    smooth = _level(coarse, inner=0, outer=6, region=10, floor=6)
    return Portrait(
        cv2.resize(smooth, (THUMB, THUMB), interpolation=cv2.INTER_AREA).astype(np.float32),
        smooth,
        _level(fine, inner=1, outer=3, region=6, floor=4),
        (cv2.GaussianBlur(fine, (0, 0), 2) > OUTSIDE).astype(np.uint8),
    )


def _level(grey: np.ndarray, inner: float, outer: float, region: float, floor: float) -> np.ndarray:
    """Grey less its surroundings, over the local contrast, as uint8 around 128.

    Args:
        grey: uint8, (S, S).
        inner: Standard deviation in pixels of the blur that takes out noise; 0 for none.
        outer: The same for the surroundings.
        region: The same for the local contrast.
        floor: Grey levels of contrast below which a difference counts as noise.
    """
    level = grey.astype(np.float32)
    if inner:
        level = cv2.GaussianBlur(level, (0, 0), inner)
    level = level - cv2.GaussianBlur(level, (0, 0), outer)
    contrast = np.sqrt(cv2.GaussianBlur(level * level, (0, 0), region)) + floor
    shown: np.ndarray = (128 + 30 * level / contrast).clip(0, 255).astype(np.uint8)
    return shown


def _directions(thumbs: np.ndarray) -> np.ndarray:
    """Thumbnails (n, 16, 16) as vectors (n, 256) whose dot product is their correlation."""
    rows = thumbs.reshape(len(thumbs), -1) * _DISC
    rows = (rows - rows.sum(axis=1, keepdims=True) / _DISC.sum()) * _DISC
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: np.ndarray = (rows / np.maximum(length, 1e-6)).astype(np.float32)
    return unit


def _every_start(portrait: Portrait) -> np.ndarray:
    """The thumbnail as seen from every start: (starts, 256)."""
    moved = cv2.remap(
        portrait.thumb, _MAPS, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return _directions(moved.reshape(len(STARTS), THUMB, THUMB))


def most_alike(portraits: list[Portrait], count: int) -> np.ndarray:
    """For each picture the numbers of the most similar others, the best first.

    Returns:
        int, (n, min(count, n - 1)).
    """
    total = len(portraits)
    count = min(count, total - 1)
    if count < 1:
        return np.empty((total, 0), int)
    columns = _directions(np.stack([portrait.thumb for portrait in portraits])).T
    found = np.empty((total, count), int)
    # As many rows at a time as keep the table of correlations around 100 MB.
    step = max(1, 2**25 // (len(STARTS) * total))
    for first in range(0, total, step):
        block = portraits[first : first + step]
        views = np.concatenate([_every_start(portrait) for portrait in block])
        best = (views @ columns).reshape(len(block), len(STARTS), total).max(axis=1)
        best[np.arange(len(block)), np.arange(first, first + len(block))] = -np.inf
        ranked = np.argsort(-best, axis=1, kind="stable")
        found[first : first + step] = ranked[:, :count]
    return found


def likeness(
    one: Portrait, other: Portrait, enough: float = 1.0, *, thorough: bool = False
) -> float:
    """How well the fine texture of two pictures agrees after registration.

    Args:
        one: The first picture.
        other: The second.
        enough: Stop looking for a better registration at this score.
        thorough: Whether to register from every flip either way, however little the first few
            promise.

    Returns:
        Correlation over the common part, up to 1. Copies reach 0.9 and more, slices of
        different people stay below 0.65.
    """
    ways = [(one, other), (other, one)]
    correlation = np.stack(
        [_every_start(moved) @ _directions(still.thumb[None])[0] for moved, still in ways]
    )
    # The best start of each flip either way, and of those the most promising first.
    best, tried = 0.0, set()
    for place in np.argsort(-correlation, axis=None, kind="stable"):
        way, start = divmod(int(place), len(STARTS))
        if (way, STARTS[start].flip) in tried:
            continue
        tried.add((way, STARTS[start].flip))
        best = max(best, _register(*ways[way], STARTS[start]))
        hopeless = best < DOUBTFUL or len(tried) == ATTEMPTS
        if best >= enough or (hopeless and not thorough):
            break
    return best


def _register(one: Portrait, other: Portrait, start: Start) -> float:
    """Correlation of texture after an affine registration from one start."""
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ITERATIONS, PRECISION)
    guess = _matrix(start.linear, start.shift, COARSE)
    try:
        _, found = cv2.findTransformECC(
            other.coarse, one.coarse, guess, cv2.MOTION_AFFINE, criteria, None, 5
        )
    except cv2.error:  # it did not converge, or there is nothing to see in one of them
        return 0.0
    linear = found[:, :2]
    stretch = np.linalg.svd(linear, compute_uv=False)
    if not (stretch[1] > 0.5 and stretch[0] < 2 and stretch[0] < 1.8 * stretch[1]):
        return 0.0
    centre = np.full(2, (COARSE - 1) / 2)
    matrix = _matrix(linear, (linear @ centre + found[:, 2] - centre) / COARSE, FINE)
    texture = cv2.warpAffine(
        one.texture, matrix, (FINE, FINE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    head = cv2.warpAffine(
        one.head, matrix, (FINE, FINE), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    )
    common = (head & other.head).astype(bool)
    smaller = min(int(other.head.sum()), one.head.sum() / (stretch[0] * stretch[1]))
    if common.sum() < max(LEAST_OVERLAP * smaller, FINE):
        return 0.0
    first, second = texture[common].astype(np.float32), other.texture[common].astype(np.float32)
    first, second = first - first.mean(), second - second.mean()
    power = float(first @ first) * float(second @ second)
    return float(first @ second) / power**0.5 if power > 0 else 0.0
