"""A run whose answers are reported."""

import pytest
from made_run import make_run

from core.reporting.answers import asked_of
from core.training.runs import Run, RunWeights


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    made = make_run(tmp_path_factory.mktemp("secret-place"), [0.5, 1.5])
    weights = RunWeights(source="random", sha256=None)
    made.write_config(made.config.model_copy(update={"weights": weights}))
    return made


@pytest.fixture(scope="module")
def asked(run):
    return asked_of(run, "stage1", sensitivity=0.9)
