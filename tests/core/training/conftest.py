"""A small labelled folder and a small protocol, for jobs in real processes."""

import numpy as np
import psutil
import pytest
from PIL import Image
from tiny import tiny

from core.data.index import index_folder
from core.protocols import REPORT
from core.training.jobs import create_crossval, create_run

TINY = tiny(
    size=32,
    units=(32, 8),
    stages=tuple(stage.model_copy(update={"epochs": 3}) for stage in REPORT.stages),
)


def slow(run):
    """Let the process that trains the run give way to whoever watches for a moment of it."""
    psutil.Process(run.recorded_status.pid).nice(19)


@pytest.fixture(scope="session")
def scans(tmp_path_factory):
    """Sixty noisy discs, half of them with a bright spot: 30 yes, 30 no."""
    root = tmp_path_factory.mktemp("scans")
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:64, :64]
    for label in ("yes", "no"):
        (root / label).mkdir()
        for number in range(30):
            # Random blobs, so that no two discs are near copies of one another.
            coarse = rng.integers(60, 160, (8, 8)).astype(np.uint8)
            texture = np.asarray(Image.fromarray(coarse).resize((64, 64), Image.Resampling.BICUBIC))
            picture = np.where((x - 32) ** 2 + (y - 32) ** 2 < 28**2, texture, 0)
            if label == "yes":
                row, column = rng.integers(18, 42, 2)
                picture[row : row + 7, column : column + 7] = 250
            Image.fromarray(picture.astype(np.uint8)).save(root / label / f"{number}.png")
    return root


@pytest.fixture(scope="session")
def make_run(scans):
    """Makes runs of the small protocol: `make_run(workspace, name, **further)`."""
    dataset = index_folder(scans)
    groups = {entry.file: number for number, entry in enumerate(dataset.entries)}
    return lambda workspace, name, **further: create_run(
        workspace, dataset, TINY, groups, name=name, **further
    )


@pytest.fixture(scope="session")
def make_crossval(scans):
    """Makes cross-validations of two folds: `make_crossval(workspace, name, seeds)`."""
    dataset = index_folder(scans)
    groups = {entry.file: number for number, entry in enumerate(dataset.entries)}
    return lambda workspace, name, seeds=(7,): create_crossval(
        workspace, dataset, TINY, groups, folds=2, seeds=seeds, name=name
    )
