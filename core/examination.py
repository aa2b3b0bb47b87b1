"""An answered scan looked at more closely: evidence for its map, all stages, similar cases.

All of it starts from a `Prediction` with an answer and costs more than that did, so each part
is asked for by itself.
"""

import io
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.duplicates import SAME_SLICE
from core.data.index import read_file
from core.data.resemblance import likeness, portray
from core.errors import RunError, UnreadableScan
from core.explanation.evidence import Evidence, cheap_evidence
from core.explanation.geometry import to_scan
from core.explanation.methods import AT_ONCE, COARSE, DEFAULT
from core.explanation.perturbation import curves
from core.explanation.similar import Case, nearest, training_scans
from core.imaging.preprocessing import scale
from core.imaging.scans import read_scan
from core.prediction import BATCH, Prediction, Predictor
from core.storage import write_bytes
from core.training.runs import Run

Float32 = NDArray[np.float32]
Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


def silent(activity: str, done: int, total: int) -> None:
    """A `Progress` for nobody."""


def examine(
    predictor: Predictor,
    prediction: Prediction,
    method: str = DEFAULT,
    *,
    full: bool = False,
    progress: Progress = silent,
) -> Evidence:
    """Measure whether the map of an answer deserves belief.

    Args:
        predictor: The one that answered.
        prediction: An answer with a map.
        method: How the map was made.
        full: Whether deletion, insertion and the check with random weights are made as well,
            which takes some 120 passes through the network.
        progress: Told of the full check.
    """
    prepared, target = _asked(prediction)
    picture = scale(prepared.pixels, predictor.protocol.input.scaling)
    look = predictor.explainer.look(picture[None], target)
    map = look.maps(method).maps[0]
    others = {name: look.maps(name).maps[0] for name in AT_ONCE if name != method}
    evidence = cheap_evidence(map, prepared.pixels, predictor.protocol.crop, others)
    if not full or evidence.empty:
        return evidence
    from core.explanation.randomisation import similarity

    return replace(
        evidence,
        curves=curves(
            map,
            picture,
            target,
            predictor.model.predict_on_batch,
            lambda done, total: progress("Deletion and insertion", done, total),
        ),
        similarity=similarity(
            look, method, lambda done, total: progress("Random weights", done, total)
        ),
    )


@dataclass(frozen=True, eq=False)
class StageView:
    """How one stage saw a scan.

    Attributes:
        stage, title: Its name, and among people.
        probability: Of the positive class, 0–1.
        target: The class that the map explains.
        map: float32 (H, W), at least 0, over the scan.
        map_maximum: The raw map's largest value. Raw values of two networks are no one scale.
    """

    stage: str
    title: str
    probability: float
    target: str
    map: Float32
    map_maximum: float

    def to_json(self) -> dict[str, Any]:
        """The record that `predict --all-stages --json` documents."""
        return {
            "stage": self.stage,
            "probability": self.probability,
            "explained": self.target,
            "map_maximum": self.map_maximum,
        }


class Stages:
    """All finished stages of a run, loaded together.

    Raises:
        RunError: No stage is finished, or a model cannot be loaded.
    """

    def __init__(self, run: Run) -> None:
        from core.explanation.stages import StageNetworks

        finished = run.finished_stages()
        if not finished:
            raise RunError(
                f"a finished stage of run '{run.name}'", "there is none", "Train a stage first."
            )
        self.run = run
        self.networks = StageNetworks({stage: Predictor(run, stage).model for stage in finished})

    def see(
        self, prediction: Prediction, target: int | None = None, method: str = DEFAULT
    ) -> list[StageView]:
        """The answer and the map of every stage for a scan.

        Args:
            prediction: An answer for it by any stage.
            target: 0, 1, or none for what each stage predicts.
            method: How the maps are made.
        """
        prepared, _ = _asked(prediction)
        protocol = self.run.protocol
        picture = scale(prepared.pixels, protocol.input.scaling)
        found = self.networks.explain(picture[None], target, method)
        return [
            StageView(
                stage=stage,
                title=protocol.stage(stage).title,
                probability=float(maps.probabilities[0, 1]),
                target=self.run.classes[int(maps.target[0])],
                map=to_scan(maps.maps[0], prepared),
                map_maximum=float(maps.maximum[0]),
            )
            for stage, maps in found.items()
        ]


FEATURES = "features.npz"
_INDEXING = threading.Lock()


def features(predictor: Predictor, progress: Progress = silent) -> Float32:
    """What the stage's last convolution makes of each training scan; computed once and kept.

    It is kept as `features.npz` in the folder of the stage, with the fingerprint of the model
    for which alone it holds, and goes to the archive with it. Scans that could not be read are
    tried again the next time.

    Returns:
        float32 (n, channels), a row for each of `training_scans(run.split())`; zeros for a
        scan that cannot be read.
    """
    run = predictor.run
    scans = training_scans(run.split())
    path = run.stage_path(predictor.stage) / FEATURES
    with _INDEXING:
        channels = predictor.model.get_layer(COARSE).output.shape[-1]
        table = _load(path, predictor.model_sha256, (len(scans), channels))
        missing = np.flatnonzero(~table.any(axis=1))
        found = False
        for first in range(0, len(missing), BATCH):
            rows = missing[first : first + BATCH]
            read = [(row, _picture(predictor, scans.iloc[row])) for row in rows]
            there = [(row, picture) for row, picture in read if picture is not None]
            if there:
                numbers, pictures = zip(*there, strict=True)
                table[list(numbers)] = predictor.explainer.features(np.stack(pictures))
                found = True
            progress("Looking at the training scans", first + len(rows), len(missing))
        if found:
            buffer = io.BytesIO()
            np.savez(buffer, features=table, model_sha256=predictor.model_sha256)
            write_bytes(path, buffer.getvalue())
        return table


def similar_cases(
    predictor: Predictor,
    prediction: Prediction,
    count: int,
    progress: Progress = silent,
) -> dict[str, list[Case]]:
    """The nearest training scans of either class.

    Args:
        predictor: The one that answered.
        prediction: The answer.
        count: Of each class, at most. A training scan is no case of itself.
        progress: Told of the first time, when all training scans are looked at.

    Returns:
        By class, the positive one first.
    """
    prepared, _ = _asked(prediction)
    table = features(predictor, progress)
    split = predictor.run.split()
    scans = training_scans(split)
    picture = scale(prepared.pixels, predictor.protocol.input.scaling)
    feature = predictor.explainer.features(picture[None])[0]
    digests = prediction.scan.digests if prediction.scan else ()
    own = split.loc[split["sha256"].isin(digests), "group"]
    # Where patients are known a group is all that is of one patient, other slices among it.
    copies_known = len(own) > 0 and predictor.run.config.data.patients is None
    group = own.iloc[0] if copies_known else None
    found = {
        label: nearest(feature, scans, table, label, count, digests, group)
        for label in reversed(predictor.classes)
    }
    if copies_known or prediction.scan is None:
        return found
    # Where the run has no word on the copies of a scan, they are found by their looks.
    portrait = portray(prediction.scan.pixels)
    root = Path(predictor.run.config.data.root)

    def is_copy(case: Case) -> bool:
        try:
            other = read_scan(read_file(root / case.file), case.file)
        except UnreadableScan:
            return False
        return bool(likeness(portrait, portray(other.pixels), SAME_SLICE) >= SAME_SLICE)

    return {
        label: [replace(case, near_copy=is_copy(case)) for case in cases]
        for label, cases in found.items()
    }


def _asked(prediction: Prediction) -> tuple[Any, int]:
    """What the network saw, and the class explained, or else called."""
    if prediction.prepared is None or prediction.probability is None:
        raise ValueError("only a scan that got an answer can be examined")
    classes = list(prediction.probability)
    return prediction.prepared, classes.index(prediction.target or str(prediction.label))


def _picture(predictor: Predictor, row: pd.Series) -> Float32 | None:
    """A training scan as the network is shown it; none where it is not what it was."""
    path = Path(predictor.run.config.data.root) / row["file"]
    try:
        scan = read_scan(read_file(path), path.name)
    except UnreadableScan:
        return None
    if row["sha256"] not in scan.digests:
        return None
    return scale(predictor.intake.prepare(scan).pixels, predictor.protocol.input.scaling)


def _load(path: Path, model_sha256: str, shape: tuple[int, int]) -> Float32:
    """The features that are kept of this model; zeros where there are none."""
    try:
        with np.load(path, allow_pickle=False) as file:
            table: Float32 = file["features"]
            if str(file["model_sha256"]) == model_sha256 and table.shape == shape:
                return table
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass
    return np.zeros(shape, np.float32)
