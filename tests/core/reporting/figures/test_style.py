"""Colours of stages."""

import itertools

import numpy as np
import pytest

from core.reporting import figures
from core.reporting.figures import STAGE_COLOURS


def test_an_unknown_stage_keeps_its_colour():
    assert figures.stage_colour("stage1") == STAGE_COLOURS["dark"]["stage1"]
    assert figures.stage_colour("stage1", "light") == STAGE_COLOURS["light"]["stage1"]
    assert figures.stage_colour("warm_up") == figures.stage_colour("warm_up")


# Machado, Oliveira & Fernandes (2009), severity 1.
SIMULATIONS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def _linear(colour):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _lab(linear):
    xyz = XYZ @ np.clip(linear, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("look", STAGE_COLOURS)
@pytest.mark.parametrize("vision", SIMULATIONS)
def test_stage_colours_differ_for_every_eye(vision, look):
    seen = [_lab(SIMULATIONS[vision] @ _linear(c)) for c in STAGE_COLOURS[look].values()]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 19
