"""What the training scans of a run look like to a stage's network, kept beside its model."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.splits import load_pictures
from core.errors import DatasetError
from core.model.typicality import (
    FEWEST,
    Typicality,
    chosen,
    directions,
    features_of,
    fingerprint,
    measure,
)
from core.training.runs import Run

if TYPE_CHECKING:
    import keras

FILE = "gate.npz"


def known_scans(
    run: Run,
    stage: str,
    model: "keras.Model",
    progress: Callable[[int, int], None] | None = None,
    averages: NDArray[np.float32] | None = None,
) -> Typicality | None:
    """What is typical of a stage's training scans: from its folder, or learned from them now.

    Stages that share the layers that matter share this as well, so that it is learned once.

    Args:
        run: The run.
        stage: Name of the stage.
        model: Its network.
        progress: Called with (scans read, scans in all) while it is learned.
        averages: What is known already, as it is while a run trains: of every picture of its
            split the average of each channel of `core.model.typicality.LAYER`, (n, d).

    Returns:
        None where that cannot be known: the scans are too few, or not where they were.
    """
    weights_sha256 = fingerprint(model)
    own = run.stage_path(stage) / FILE
    others = (run.stage_path(other.name) / FILE for other in run.protocol.stages)
    for path in (own, *others):
        found = Typicality.load(path, weights_sha256)
        if found is not None:
            break
    else:
        found = _learn(run, model, weights_sha256, progress, averages)
        path = None
    if found is not None and path != own:
        with suppress(OSError):  # a run that may not be written to is learned anew each time
            found.save(own)
    return found


def _learn(
    run: Run,
    model: "keras.Model",
    weights_sha256: str,
    progress: Callable[[int, int], None] | None,
    averages: NDArray[np.float32] | None,
) -> Typicality | None:
    split = run.split()
    rows = np.flatnonzero((split["split"] == "train") & (split["view"] == 0))
    scans = split.iloc[rows]
    groups, _ = pd.factorize(scans["group"])
    if len(np.unique(groups)) < FEWEST:
        return None
    which = chosen(groups)
    if averages is not None:
        return measure(directions(averages[rows[which]]), groups[which], weights_sha256)
    data = run.config.data
    try:
        pictures, _ = load_pictures(
            Path(data.root), scans.iloc[which], run.protocol, data.already_cropped, progress
        )
    except DatasetError:
        return None
    features = features_of(model, pictures, run.protocol.input.scaling)
    return measure(features, groups[which], weights_sha256)
