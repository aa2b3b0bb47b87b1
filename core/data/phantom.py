"""Simulated subjects, cut out of the MNI152 template.

The anatomy is real, an average of 152 heads that nilearn carries; the person is not. Each
subject is one axial slice of the template after a smooth random warp in all three directions,
so that no two show the same gyri, with a skull and a scalp around it (the template comes
without), a contrast of its own, an uneven coil and the noise of a magnitude image. A subject
may be given a mass: irregular, enhancing as a ring or as a whole, pushing the brain aside,
with oedema in the white matter around it.

Nobody should read a clinical finding into these pictures.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.floating[Any]]
UInt8 = NDArray[np.uint8]

SIZE = 224
# Intensities of the template's three tissues (its histogram has a peak at each), by which
# a contrast is defined: a curve that says how bright each of them appears.
TISSUES = (0.0, 0.28, 0.66, 0.86, 1.0)
# Level of the slices, millimetres above the anterior commissure: from the midbrain to the
# top of the lateral ventricles and a little more.
LEVELS = (-8.0, 48.0)
# The volume of distances is kept on a coarser grid; it is smooth.
COARSE = 2


@dataclass(frozen=True)
class Anatomy:
    """The template: T1 intensity 0–1, and the distance to the brain's surface.

    Attributes:
        t1: (x, y, z) at 1 mm, RAS.
        distance: (x, y, z) at `COARSE` mm, millimetres, negative inside the brain's envelope.
        origin: Voxel of the anterior commissure in `t1`.
    """

    t1: Float
    distance: Float
    origin: tuple[float, float, float]


@dataclass(frozen=True)
class Subject:
    """One simulated scan.

    Attributes:
        pixels: Grey picture (size, size).
        mask: 255 where the mass is, else 0; same shape.
    """

    pixels: UInt8
    mask: UInt8


def load_anatomy() -> Anatomy:
    """Read the template that nilearn carries and measure the distance to its surface."""
    # Here because they take seconds to import, and what only offers to make a set does without.
    from nilearn.datasets import load_mni152_template
    from scipy import ndimage

    image = load_mni152_template(resolution=1)
    t1 = np.asarray(image.get_fdata(dtype=np.float32))
    x, y, z = (-image.affine[:3, 3]).tolist()
    # The envelope bridges sulci and fissures, as the skull does: a closing by 10 mm.
    brain = t1[::COARSE, ::COARSE, ::COARSE] > 0.1
    grown = ndimage.distance_transform_edt(~brain, sampling=COARSE) <= 10
    inside = ndimage.distance_transform_edt(grown, sampling=COARSE)
    distance = ndimage.distance_transform_edt(inside <= 10, sampling=COARSE) - np.maximum(
        inside - 10, 0
    )
    return Anatomy(t1, distance.astype(np.float32), (x, y, z))


def simulate(
    anatomy: Anatomy, rng: np.random.Generator, *, mass: bool, size: int = SIZE
) -> Subject:
    """One subject, healthy or with a mass.

    Args:
        anatomy: The template.
        rng: Where chance comes from.
        mass: Whether there is one.
        size: Side of the picture in pixels; the field of view grows with it.
    """
    places = _plane(rng, size)
    distance = _sample(anatomy.distance, places, anatomy.origin, COARSE)
    flair = rng.random() < 0.4
    tissues = _contrast(rng, flair)
    lesion = _Lesion(rng, distance) if mass else None
    t1 = _sample(anatomy.t1, lesion.push(places) if lesion else places, anatomy.origin)
    # Where the brain's envelope holds no brain there is cerebrospinal fluid.
    t1 = np.maximum(t1, TISSUES[1] * 0.8)
    brain = np.interp(t1, TISSUES, tissues).astype(np.float32)
    brain *= 1 + 0.03 * _field(rng, size, 40)
    if lesion:
        brain = lesion.paint(brain, t1, tissues, flair, rng)
    picture = _head(brain, distance, float(tissues[1]), flair, rng)
    mask = lesion.mask if lesion else np.zeros((size, size), np.uint8)
    return Subject(_acquire(picture, mask == 0, rng), mask)


def _plane(rng: np.random.Generator, size: int) -> Float:
    """Where the slice lies: template coordinates (3, size, size), millimetres.

    Rows run from anterior to posterior and columns from the right to the left of the subject,
    as radiologists look at it.
    """
    spacing = rng.uniform(0.98, 1.12) * SIZE / size * np.array([1.0, rng.uniform(0.95, 1.05)])
    steps = (np.arange(size) - (size - 1) / 2).astype(np.float32)
    right, anterior = np.meshgrid(-steps * spacing[0], -steps * spacing[1])
    turn, tilt, roll = np.radians(rng.uniform([-9, -8, -4], [9, 8, 4]))
    x = np.cos(turn) * right - np.sin(turn) * anterior + rng.uniform(-5, 5)
    y = np.sin(turn) * right + np.cos(turn) * anterior - 18 + rng.uniform(-5, 5)
    z = rng.uniform(*LEVELS) + np.tan(tilt) * (y + 18) + np.tan(roll) * x
    places = np.stack([x, y, z]).astype(np.float32)
    # Other gyri (waves of 3 cm) in a head of another shape (waves of 9 cm).
    for axis in range(3):
        places[axis] += 2.2 * _field(rng, size, 8) + 2.6 * _field(rng, size, 3)
    return places


def _field(rng: np.random.Generator, size: int, knots: int) -> Float:
    """A smooth random field (size, size) of about unit variance, with `knots` a side."""
    coarse = rng.standard_normal((knots, knots)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC))


def _sample(
    volume: Float, places: Float, origin: tuple[float, float, float], spacing: int = 1
) -> Float:
    """Values of a volume at template coordinates, linearly interpolated."""
    from scipy import ndimage

    voxels = (places + np.array(origin, np.float32)[:, None, None]) / spacing
    found = ndimage.map_coordinates(volume, voxels, order=1, mode="nearest")
    return np.asarray(found, dtype=np.float32)


def _contrast(rng: np.random.Generator, flair: bool) -> Float:
    """How bright air, fluid, grey and white matter appear (see `TISSUES`), 0–1."""
    if flair:
        fluid, white, grey = rng.uniform([0.06, 0.36, 1.08], [0.12, 0.44, 1.22])
        grey *= white
    else:
        fluid, white, grey = rng.uniform([0.10, 0.46, 0.72], [0.18, 0.60, 0.86])
        grey *= white
    return np.array([0, fluid, grey, white, white * 1.04], np.float32)


class _Lesion:
    """A mass in the plane of the slice.

    Attributes:
        depth: Signed distance to its outline in units of its radius, negative inside.
        mask: 255 inside.
    """

    def __init__(self, rng: np.random.Generator, distance: Float) -> None:
        size = len(distance)
        self.radius = float(rng.uniform(15, 26) * size / SIZE)
        # Its centre is in the brain, for the most part deep enough to fit in.
        inside = np.argwhere(distance < -0.6 * self.radius * SIZE / size)
        row, column = inside[rng.integers(len(inside))]
        self.rows, self.columns = np.mgrid[:size, :size].astype(np.float32)
        self.rows -= row
        self.columns -= column
        angle, ratio = rng.uniform(0, np.pi), rng.uniform(0.75, 1.0)
        along = np.cos(angle) * self.columns + np.sin(angle) * self.rows
        across = np.cos(angle) * self.rows - np.sin(angle) * self.columns
        self.reach = np.hypot(along * ratio, across / ratio) / self.radius
        waves = 0.16 * _field(rng, size, 11) + 0.07 * _field(rng, size, 26)
        self.depth = (self.reach - 1 + waves * np.minimum(self.reach, 1)).astype(np.float32)
        self.depth[distance > -1] = 1
        self.mask = np.where(self.depth < 0, 255, 0).astype(np.uint8)
        self.mass_effect = float(rng.uniform(0.3, 0.7))

    def push(self, places: Float) -> Float:
        """The slice with its tissue moved aside: what is here came from nearer the centre.

        The area that the mass takes up is added at its border and fades away from it.
        """
        fading = self.mass_effect * np.exp(-((self.reach / 2.2) ** 2))
        nearer = np.sqrt(np.maximum(1 - fading / np.maximum(self.reach, 0.2) ** 2, 0.04))
        rows, columns = np.indices(self.rows.shape, dtype=np.float32)
        rows += self.rows * (nearer - 1)
        columns += self.columns * (nearer - 1)
        moved = [cv2.remap(p, columns, rows, cv2.INTER_LINEAR) for p in places]
        return np.stack(moved)

    def paint(
        self, brain: Float, t1: Float, tissues: Float, flair: bool, rng: np.random.Generator
    ) -> Float:
        """The brain with the mass and its oedema in it."""
        size = len(brain)
        fluid, white = float(tissues[1]), float(tissues[3])
        # Oedema spreads along white matter and spares the cortex.
        extent = rng.uniform(0.25, 0.9)
        wet = _rise((extent - self.depth + 0.2 * _field(rng, size, 12)) / 0.12)
        wet *= 0.15 + 0.85 * _rise((t1 - 0.72) / 0.04)
        swollen = rng.uniform(0.68, 0.85) if flair else 0.45 * fluid + 0.55 * white
        brain = brain + wet * (swollen - brain)
        texture = 0.10 * _field(rng, size, 30) + 0.05 * _field(rng, size, 70)
        bright = rng.uniform(0.84, 0.97) * (1 + texture)
        inside = _rise(-self.depth * self.radius / 0.9)
        brain = brain + inside * (bright - brain)
        if rng.random() < 0.6:
            # A necrotic core leaves a ring of uneven width.
            width = rng.uniform(0.22, 0.40) + 0.09 * _field(rng, size, 14)
            core = _rise((-self.depth - np.maximum(width, 0.12)) * self.radius / 1.1)
            dead = rng.uniform(1.3, 2.2) * fluid * (1 + texture)
            brain = brain + core * (dead - brain)
        return np.asarray(brain, dtype=np.float32)


def _rise(x: Any) -> Float:
    """The logistic curve: a border with a soft edge."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), dtype=np.float32)


def _head(
    brain: Float, distance: Float, fluid: float, flair: bool, rng: np.random.Generator
) -> Float:
    """The brain with fluid, skull and scalp around it, going by the distance to its surface."""
    size = len(brain)
    gap = rng.uniform(1.0, 3.0) + 0.4 * _field(rng, size, 8)
    bone = gap + rng.uniform(4.5, 7.0) + 0.5 * _field(rng, size, 6)
    skin = bone + rng.uniform(4.0, 6.5) + 0.6 * _field(rng, size, 6)
    shine = rng.uniform(0.45, 0.65) if flair else rng.uniform(0.70, 0.95)
    fat = shine * (1 + 0.10 * _field(rng, size, 24))
    marrow = rng.uniform(0.15, 0.40) * np.exp(-((distance - (gap + bone) / 2) ** 2) / 1.6)
    picture = brain
    for outer, beyond in ((0.5, fluid), (gap, 0.03 + marrow), (bone, fat), (skin, 0.0)):
        picture = picture + _rise((distance - outer) / 0.45) * (beyond - picture)
    return np.asarray(picture, dtype=np.float32)


def _acquire(picture: Float, healthy: NDArray[np.bool_], rng: np.random.Generator) -> UInt8:
    """What the scanner makes of it: point spread, coil profile, Rician noise, window.

    The window is set on what is healthy: a mass that darkened all the rest would give itself
    away by that.
    """
    size = len(picture)
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 0.9))
    picture = picture * np.exp(rng.uniform(0.04, 0.12) * _field(rng, size, 3))
    # A magnitude image: the length of a complex signal with noise in both parts
    # (Gudbjartsson & Patz 1995, "The Rician distribution of noisy MRI data").
    noise = rng.uniform(0.008, 0.03) * rng.standard_normal((2, size, size))
    picture = np.hypot(picture + noise[0], noise[1])
    window = np.percentile(picture[healthy], 97) * rng.uniform(1.05, 1.4)
    shown = np.clip(picture / window, 0, 1) ** rng.uniform(0.85, 1.2)
    return np.asarray(np.rint(255 * shown), dtype=np.uint8)
