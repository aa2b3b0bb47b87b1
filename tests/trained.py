"""A run that was really trained: small, but a real VGG19."""

import io

import numpy as np
from PIL import Image
from tiny import tiny

from core.config import Stage
from core.data.index import index_folder
from core.model.prefix import PrefixCache
from core.training.callbacks import Callback
from core.training.experiment import Experiment
from core.training.jobs import create_run
from core.training.workspace import Workspace

PROTOCOL = tiny(
    size=64,
    units=(16, 8),
    stages=(
        Stage(name="baseline", title="Baseline", unfrozen=(), learning_rate=1e-4, epochs=1),
        Stage(
            name="stage1",
            title="Stage 1",
            unfrozen=("block5_conv4",),
            learning_rate=1e-5,
            epochs=1,
        ),
    ),
)


def draw_head(rng, lesion, margin=16):
    """A textured disc of 80 x 80 in black, with a bright square in it if there is a lesion."""
    side = 80 + 2 * margin
    y, x = np.mgrid[:side, :side] - side / 2
    coarse = Image.fromarray(rng.integers(70, 170, (8, 8)).astype(np.uint8))
    texture = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
    picture = np.where(x**2 + y**2 < 38**2, texture, 0).astype(np.uint8)
    if lesion:
        row, column = rng.integers(side // 2 - 20, side // 2 + 8, 2)
        picture[row : row + 14, column : column + 14] = 250
    return picture


def png(picture):
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG")
    return data.getvalue()


def train(folder, margin, stages=("baseline", "stage1")):
    """Index a folder of 24 heads, train the stages, and give the run."""
    rng = np.random.default_rng(3)
    scans = folder / "scans"
    for label in ("no", "yes"):
        (scans / label).mkdir(parents=True)
        for number in range(12):
            (scans / label / f"{number}.png").write_bytes(
                png(draw_head(rng, label == "yes", margin))
            )
    dataset = index_folder(scans)
    groups = {entry.file: number for number, entry in enumerate(dataset.entries)}
    workspace = Workspace(folder / "workspace")
    run = create_run(workspace, dataset, PROTOCOL, groups)
    experiment = Experiment(run, PrefixCache(workspace.cache), lambda *_: None, Callback())
    for stage in stages:
        experiment.train(PROTOCOL.stage(stage))
    return run


def originals(run, stage):
    """The run's own pictures: name, bytes and recorded probability."""
    table = run.predictions(stage)
    root = run.config.data.root
    for row in table[table["view"] == 0].itertuples():
        with open(f"{root}/{row.file}", "rb") as file:  # noqa: PTH123
            yield row.file, file.read(), row.probability
