"""Simulated subjects."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.data.phantom import load_anatomy, simulate


@pytest.fixture(scope="module")
def anatomy():
    return load_anatomy()


def test_brightness_alone_does_not_tell_who_is_ill(anatomy):
    """Otherwise the demonstration would show a light meter at work."""
    ill = np.arange(80) % 2 == 1
    scans = [
        simulate(anatomy, np.random.default_rng(number), mass=bool(ill[number]), size=96).pixels
        for number in range(len(ill))
    ]
    for measure in (np.mean, np.std, np.median):
        area = roc_auc_score(ill, [measure(scan) for scan in scans])
        assert max(area, 1 - area) < 0.65, measure.__name__


def test_the_envelope_of_the_brain_is_its_zero_distance(anatomy):
    inside = anatomy.distance < 0
    brain = anatomy.t1[::2, ::2, ::2] > 0.1
    assert brain[~inside].mean() < 0.002
    # 1,900 ml of brain in this template, and the fluid between its folds.
    assert 1.8e6 < inside.sum() * 8 < 2.6e6
