"""Whether the models of a run still say what its predictions say, asked of the pictures anew."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from core.data.splits import load_pictures
from core.evaluation.results import HELD_OUT
from core.imaging.preprocessing import scale
from core.training.runs import PREDICTION_COLUMNS, Run

# Largest difference of two probabilities that is arithmetic and not another model: sums are
# taken in another order on another processor, and bfloat16 keeps 8 bits of a number.
TOLERANCE = {"float32": 1e-3, "mixed_bfloat16": 5e-2}


def predict_again(
    run: Run, stages: Sequence[str], progress: Callable[[str, int, int], None]
) -> dict[str, pd.DataFrame]:
    """Let each stage's model predict validation and test, the pictures as they are.

    Nothing is random and nothing is taken from the cache: scans are read, prepared and sent
    through the whole network.

    Args:
        run: Its scans must be where they were.
        stages: Names of finished stages.
        progress: Told of what is done, how far it is, and of how much.

    Returns:
        For each stage the rows of its `predictions.csv` for these parts, probabilities anew.

    Raises:
        DatasetError: A scan is gone or has changed.
        RunError: A stage is not finished, or its model cannot be read.
    """
    for stage in stages:
        run.metrics(stage)  # refuses what is not finished before anything slow begins
    protocol, split = run.protocol, run.split()
    pictures, rows = load_pictures(
        Path(run.config.data.root),
        split[split["split"].isin(HELD_OUT)].reset_index(drop=True),
        protocol,
        cropped_already=run.config.data.already_cropped,
        progress=lambda done, total: progress("Reading scans", done, total),
    )
    import keras

    from core.model.vgg19 import load_model

    found = {}
    for stage in stages:
        model = load_model(run.model_path(stage))
        batches = []
        for start in range(0, len(pictures), protocol.training.batch_size):
            batch = pictures[start : start + protocol.training.batch_size]
            batches.append(model.predict_on_batch(scale(batch, protocol.input.scaling)))
            progress(f"Evaluating {stage}", start + len(batch), len(pictures))
        probability = keras.ops.convert_to_numpy(np.concatenate(batches))[:, 1]
        found[stage] = rows.assign(probability=probability.astype(float))[PREDICTION_COLUMNS]
    return found


def largest_difference(recorded: pd.DataFrame, again: pd.DataFrame) -> float:
    """Largest difference of a probability between two tables of the same pictures.

    Infinite when the tables do not list the same pictures.
    """
    keys = ["file", "view", "split"]
    both = again.merge(recorded[recorded["split"].isin(HELD_OUT)], on=keys, how="outer")
    differences = (both["probability_x"] - both["probability_y"]).abs()
    return float(differences.fillna(np.inf).max()) if len(both) else 0.0
