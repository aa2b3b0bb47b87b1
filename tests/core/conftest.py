"""A trained run and who answers for it."""

import numpy as np
import pytest
from trained import draw_head, png, train

from core.prediction import Predictor


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    return train(tmp_path_factory.mktemp("run"), margin=16)


@pytest.fixture(scope="session")
def predictor(run):
    return Predictor(run, "stage1")


@pytest.fixture
def head():
    return png(draw_head(np.random.default_rng(99), lesion=True))
