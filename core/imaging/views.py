"""Random views of a picture: seeded, so that the same view is the same pixels everywhere."""

import hashlib

import cv2
import numpy as np

from core.config import Augmentation


def view_rng(seed: int, sha256: str, view: int) -> np.random.Generator:
    """The random numbers of one view of one picture.

    They depend on nothing but the arguments: not on the order of files, the number of views or
    what was drawn before.

    Args:
        seed: The protocol's seed of views.
        sha256: Digest of the picture's file, or any other name for its content.
        view: Number of the view, from 1.
    """
    digest = hashlib.sha256(f"{seed}/{sha256}/{view}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def make_view(
    pixels: np.ndarray, augmentation: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """One random view: turn, shear, zoom and shift in a single warp, flips, blur, grey levels.

    Pixels that come from outside take the value of the nearest edge, and brightness multiplies,
    as in Keras' `ImageDataGenerator`. Gamma, a brightness that rises evenly to one side (as near
    a receiver coil), noise and blur (as of a coarser matrix) imitate other scanners. Every draw is
    made whether it is used or not, so that switching one change off leaves the others as they were.

    Args:
        pixels: uint8 RGB, (H, W, 3).
        augmentation: The ranges to draw from, evenly.
        rng: Where the draws come from (see `view_rng`).

    Returns:
        uint8 RGB of the same shape.
    """
    height, width = pixels.shape[:2]
    turn, shear, right, down = rng.uniform(-1.0, 1.0, 4)
    mirror, upend = rng.random(2) < 0.5
    brightness = rng.uniform(*augmentation.brightness)
    larger, exponent, slope, direction, roughness = rng.uniform(-1.0, 1.0, 5)
    softness = 1 - rng.random()

    angle = np.deg2rad(turn * augmentation.rotation)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = rotation @ np.array([[1.0, shear * augmentation.shear], [0.0, 1.0]])
    linear = linear * (1 + larger * augmentation.zoom)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = np.array([right * width, down * height]) * augmentation.shift
    matrix = np.column_stack([linear, centre + shift - linear @ centre])

    view: np.ndarray = cv2.warpAffine(
        np.ascontiguousarray(pixels),
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if augmentation.horizontal_flip and mirror:
        view = view[:, ::-1]
    if augmentation.vertical_flip and upend:
        view = view[::-1]
    if augmentation.blur:
        spread = softness * augmentation.blur * max(height, width)
        view = cv2.GaussianBlur(np.ascontiguousarray(view), (0, 0), spread)
    levels = view * np.float32(brightness)
    if augmentation.gamma != 1:
        levels = 255 * (levels / 255).clip(0, 1) ** np.float32(augmentation.gamma**exponent)
    if augmentation.field:
        bearing = np.pi * direction
        across = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(np.cos(bearing))
        down = np.linspace(-1, 1, height, dtype=np.float32) * np.float32(np.sin(bearing))
        rise = (across[None, :] + down[:, None]) * np.float32(slope * augmentation.field)
        levels = levels * (1 + rise[..., None])
    if augmentation.noise:
        grain = rng.normal(0, abs(roughness) * augmentation.noise, (height, width, 1))
        levels = levels + grain.astype(np.float32)
    return np.ascontiguousarray(np.rint(levels).clip(0, 255), np.uint8)
