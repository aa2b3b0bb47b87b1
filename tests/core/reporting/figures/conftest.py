"""A run and its comparison, to be drawn."""

import pytest
from made_run import add_baselines, make_run

from core.evaluation.comparison import compare


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("workspace"), (0.4, 1.3, 1.2))


@pytest.fixture(scope="module")
def comparison(run):
    return compare(run)


@pytest.fixture(scope="module")
def against(tmp_path_factory):
    """The same stages beside two baselines."""
    run = make_run(tmp_path_factory.mktemp("workspace"), (0.4, 1.3, 1.2))
    return compare(add_baselines(run, {"majority": 0, "features": 0.9}))
