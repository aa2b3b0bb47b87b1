"""Runs with known answers: results written by hand into a real run folder."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from core.config import Head, Input
from core.protocols import LEAKFREE
from core.training.folders import RunData
from core.training.runs import HISTORY_COLUMNS, Run
from core.training.workspace import Workspace

POSITIVE, NEGATIVE = "tumour", "no_tumour"
SIZES = {"train": 120, "validation": 60, "test": 60}


def pictures(sizes: Mapping[str, int] = SIZES, views: int = 2) -> pd.DataFrame:
    """A split: originals in every part, views of those in train; near copies in pairs."""
    rows = []
    for part, size in sizes.items():
        for i in range(size):
            for view in range(views + 1 if part == "train" else 1):
                rows.append(
                    {
                        "file": f"{part}/{i:03d}.png",
                        "view": view,
                        "sha256": "",
                        "label": POSITIVE if i % 3 else NEGATIVE,
                        "group": f"{part}{i // 6 * 3 + i % 3}",
                        "split": part,
                        "crop": "brain",
                    }
                )
    return pd.DataFrame(rows)


def predictions(split: pd.DataFrame, strength: float, seed: int) -> pd.DataFrame:
    """Probabilities that tell the classes apart by `strength` on the logit scale."""
    rng = np.random.default_rng(seed)
    sign = np.where(split["label"] == POSITIVE, 1.0, -1.0)
    logits = strength * sign + rng.normal(0, 1.5, len(split))
    table = split[["file", "view", "split", "label"]]
    return table.assign(probability=1 / (1 + np.exp(-logits)))


def history(stage: str, epochs: int, best: int) -> pd.DataFrame:
    """A plausible course of training."""
    number = np.arange(1, epochs + 1)
    return pd.DataFrame(
        {
            "stage": stage,
            "epoch": number,
            "loss": 0.6 * 0.8**number,
            "accuracy": 1 - 0.3 * 0.8**number,
            "validation_loss": 0.4 + 0.01 * np.abs(number - best),
            "validation_accuracy": 0.85 - 0.01 * np.abs(number - best),
            "learning_rate": np.where(number > best, 5e-5, 1e-4),
            "seconds": 1.0,
            "best": (number == best).astype(int),
        },
        columns=HISTORY_COLUMNS,
    )


def make_run(
    folder: Path,
    stages: Mapping[str, pd.DataFrame] | Sequence[float],
    split: pd.DataFrame | None = None,
) -> Run:
    """Write a run whose stages predicted this, or tell the classes apart by these strengths."""
    split = pictures() if split is None else split
    if not isinstance(stages, Mapping):
        names = [stage.name for stage in LEAKFREE.stages]
        stages = {
            name: predictions(split, strength, seed=i)
            for i, (name, strength) in enumerate(zip(names, stages, strict=False))
        }
    data = RunData(
        root=str(folder / "scans"),
        negative=NEGATIVE,
        positive=POSITIVE,
        already_split=False,
        already_cropped=False,
    )
    run = Workspace(folder).create(LEAKFREE, data, name="made")
    split.to_csv(run.path / "split.csv", index=False)
    before = None
    for name, table in stages.items():
        run.stage_path(name).mkdir(parents=True)
        table.to_csv(run.stage_path(name) / "predictions.csv", index=False)
        record = {
            "stage": LEAKFREE.stage(name).model_dump(),
            "model_sha256": f"sha-{name}",
            "started_from": before,
        }
        (run.stage_path(name) / "metrics.json").write_text(json.dumps(record))
        before = f"sha-{name}"
    run.write_history(pd.concat([history(name, 6, 4) for name in stages]))
    return run


def add_baselines(run: Run, strengths: Mapping[str, float]) -> Run:
    """Let baselines predict validation and test, each telling the classes apart so well."""
    held_out = run.split().query("split != 'train'").reset_index(drop=True)
    for number, (name, strength) in enumerate(strengths.items()):
        table = predictions(held_out, strength, seed=100 + number)
        if name == "majority":
            table = table.assign(probability=2 / 3)
        run.baseline_path(name).parent.mkdir(parents=True)
        table.to_csv(run.baseline_path(name), index=False)
    return run


def add_network(run: Run, stages: Sequence[str], size: int = 48) -> Run:
    """Give stages a real VGG19 of random values for stamps of this size, and the scans to it."""
    from core.model.vgg19 import build_model
    from core.model.weights import Weights, file_sha256

    config = run.config
    changes = {"input": Input(size=size, scaling="imagenet"), "head": Head(units=(8, 4))}
    protocol = config.protocol.model_copy(update=changes)
    run.write_config(config.model_copy(update={"protocol": protocol}))
    model = run.path / "network.keras"
    build_model(protocol, Weights("random")).save(model)
    for stage in stages:
        run.model_path(stage).symlink_to(model)
        record = run.stage_path(stage) / "metrics.json"
        digest = {"model_sha256": file_sha256(model)}
        record.write_text(json.dumps(json.loads(record.read_text()) | digest))
    rng, root = np.random.default_rng(5), Path(config.data.root)
    split = run.split()
    for file in split["file"].unique():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(head(rng)).save(root / file)
    digests = {file: file_sha256(root / file) for file in split["file"].unique()}
    run.write_split(split.assign(sha256=split["file"].map(digests)))
    return run


def head(rng: np.random.Generator) -> np.ndarray:
    """Something round and grey on black, uint8 (96, 80)."""
    y, x = np.mgrid[:96, :80]
    texture = np.kron(rng.integers(80, 200, (12, 10)), np.ones((8, 8)))
    return np.where(((x - 40) / 30) ** 2 + ((y - 48) / 40) ** 2 < 1, texture, 0).astype(np.uint8)
