"""Cross-validations with known answers: results written by hand into real run folders."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from made_run import NEGATIVE, POSITIVE

from core.protocols import LEAKFREE
from core.training.crossval import CrossValidation, CrossValidationConfig
from core.training.folders import RunData
from core.training.runs import PREDICTION_COLUMNS, RunStatus, write_run

SCANS, FOLDS = 60, 3
STAGES = ("baseline", "stage1")


def probabilities(label: pd.Series, strength: float, seed: int) -> np.ndarray:
    """For each scan of a fold; sure errors included."""
    rng = np.random.default_rng(seed)
    sign = np.where(label == POSITIVE, 1.0, -1.0)
    return 1 / (1 + np.exp(-strength * sign - rng.normal(0, 1.5, len(label))))


def made(
    folder: Path, seeds: Sequence[int], strengths: Sequence[float] = (0.6, 1.4)
) -> CrossValidation:
    """A cross-validation whose results are written by hand: scans in pairs of near copies."""
    data = RunData(
        root="/scans", negative=NEGATIVE, positive=POSITIVE, already_split=False,
        already_cropped=False,
    )  # fmt: skip
    crossval = CrossValidation(folder / "crossvals" / "made")
    scans = pd.DataFrame(
        {
            "file": [f"{n:03d}.png" for n in range(SCANS)],
            "view": 0,
            "sha256": [f"{n:064d}" for n in range(SCANS)],
            "label": [POSITIVE if n % 4 > 1 else NEGATIVE for n in range(SCANS)],
            "group": [n // 2 for n in range(SCANS)],
        }
    )
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(SCANS // 2) % FOLDS
        for fold in range(1, FOLDS + 1):
            run = write_run(crossval.fold_path(seed, fold), LEAKFREE, data)
            held_out = order[scans["group"]] == fold - 1
            split = scans.assign(split=np.where(held_out, "test", "train"))
            # A view of each scan as well, which is in no part where its scan is held out.
            view = split.assign(view=1, split=np.where(held_out, "", "train"))
            run.write_split(pd.concat([split, view]).sort_values(["file", "view"]))
            for number, (stage, strength) in enumerate(zip(STAGES, strengths, strict=True)):
                p = probabilities(split["label"], strength, seed * 100 + fold * 10 + number)
                run.stage_path(stage).mkdir(parents=True)
                table = split.assign(probability=p)[PREDICTION_COLUMNS]
                table.to_csv(run.stage_path(stage) / "predictions.csv", index=False)
                record = {"model_sha256": f"sha-{stage}", "started_from": None}
                (run.stage_path(stage) / "metrics.json").write_text(json.dumps(record))
            run.write_status(RunStatus(state="finished"))
    crossval.write_config(
        CrossValidationConfig(
            name="made",
            created="2026-01-02T03:04:05+00:00",
            protocol=LEAKFREE,
            data=data,
            folds=FOLDS,
            seeds=tuple(seeds),
        )
    )
    return crossval
