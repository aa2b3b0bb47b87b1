"""What a trained network has to beat: four simple methods, fitted on the same training part.

They see the originals of the training part, each once and without views, and predict the
pictures of validation and test that the network predicts. Nothing is tuned: settings are fixed,
so that neither validation nor test has a say in them.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from core.data.metadata import file_metadata
from core.imaging.gradients import oriented_gradients
from core.storage import write_text
from core.training.runs import PREDICTION_COLUMNS, Run

log = logging.getLogger("neurostage")

Floats = NDArray[np.floating[Any]]
Truth = NDArray[np.bool_]

HOG_SIDE = 128
"""Pixels of the square that gradients are taken from."""
CALIBRATION_FOLDS = 5


@dataclass(frozen=True)
class Material:
    """What there is to describe the pictures by, row by row as in their table.

    Attributes:
        root: The folder of the data set, for what the files tell.
        pictures: uint8 (n, S, S, 3), as the network sees them before scaling.
        features: float32 (n, 512), the last frozen layer of VGG19, averaged over the picture.
    """

    root: Path
    pictures: NDArray[np.uint8]
    features: Floats


@dataclass(frozen=True)
class Baseline:
    """A simple method.

    Attributes:
        name: Of its folder.
        title: For people.
        describe: The table of pictures and the material to a float array (n, …).
        fit: Training descriptions, whether each is positive, its group and a seed to a fitted
            classifier of scikit-learn.
    """

    name: str
    title: str
    describe: Callable[[pd.DataFrame, Material], Floats]
    fit: Callable[[Floats, Truth, NDArray[Any], int], Any]


def fit_majority(x: Floats, positive: Truth, groups: NDArray[Any], seed: int) -> Any:  # noqa: ARG001
    """The more frequent class for everybody, with its share as the probability."""
    return DummyClassifier(strategy="prior").fit(x, positive)


def fit_forest(x: Floats, positive: Truth, groups: NDArray[Any], seed: int) -> Any:  # noqa: ARG001
    """A random forest (Breiman, 2001), which finds odd sizes as well as large ones."""
    forest = RandomForestClassifier(300, min_samples_leaf=3, random_state=seed)
    return forest.fit(x, positive)


def fit_svm(x: Floats, positive: Truth, groups: NDArray[Any], seed: int) -> Any:
    """A linear support vector machine, its scores turned into probabilities (Platt, 1999).

    The scores for that come from folds that keep near copies together.
    """
    per_class = [len(set(groups[of_class])) for of_class in (positive, ~positive)]
    folds = StratifiedGroupKFold(
        min(CALIBRATION_FOLDS, *per_class), shuffle=True, random_state=seed
    )
    machine = CalibratedClassifierCV(
        LinearSVC(C=0.01, random_state=seed),
        cv=list(folds.split(x, positive, groups)),
        ensemble=False,
    )
    return machine.fit(x, positive)


def fit_logistic(x: Floats, positive: Truth, groups: NDArray[Any], seed: int) -> Any:  # noqa: ARG001
    """Logistic regression on standardised features, with a strong L2 penalty."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000)).fit(
        x, positive
    )


def describe_by_metadata(table: pd.DataFrame, material: Material) -> Floats:
    """Width, height, bytes, and format and kind of pixel as indicators."""
    files = table["file"].unique()
    facts = file_metadata(material.root, list(files)).set_index(pd.Index(files))
    kind = pd.get_dummies(facts["format"] + " " + facts["mode"])
    numbers = facts[["width", "height", "bytes"]].join(kind).loc[table["file"]]
    return numbers.to_numpy(np.float64)


def describe_by_gradients(table: pd.DataFrame, material: Material) -> Floats:  # noqa: ARG001
    """Histograms of oriented gradients of the picture in grey."""
    return np.stack(
        [
            oriented_gradients(
                cv2.resize(
                    cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY),
                    (HOG_SIDE, HOG_SIDE),
                    interpolation=cv2.INTER_AREA,
                )
            )
            for picture in material.pictures
        ]
    )


BASELINES = (
    Baseline(
        "majority",
        "Majority class",
        lambda table, _: np.zeros((len(table), 1)),
        fit_majority,
    ),
    Baseline("metadata", "File metadata only", describe_by_metadata, fit_forest),
    Baseline("hog", "HOG and a linear SVM", describe_by_gradients, fit_svm),
    Baseline(
        "features",
        "Logistic regression on frozen features",
        lambda _, material: material.features,
        fit_logistic,
    ),
)


def rows_for_baselines(split: pd.DataFrame) -> NDArray[np.intp]:
    """Which pictures baselines need: originals of train, everything in validation and test."""
    asked = split["split"].isin(["validation", "test"])
    learnt = (split["split"] == "train") & (split["view"] == 0)
    return np.flatnonzero(asked | learnt)


def write_baselines(
    run: Run,
    table: pd.DataFrame,
    material: Material,
    progress: Callable[[int, int], None],
) -> None:
    """Fit every baseline and write its predictions into the run.

    One that cannot be fitted is left out and named in the log: no training is lost for it.

    Args:
        run: Whose seed and classes are used.
        table: Rows of the split (see `rows_for_baselines`).
        material: To describe these rows by.
        progress: Called with (baselines done, baselines in all). What it raises ends the work.
    """
    positive = (table["label"] == run.positive).to_numpy(bool)
    train = (table["split"] == "train").to_numpy(bool)
    groups = table["group"].to_numpy() if "group" in table else table["file"].to_numpy()
    for number, baseline in enumerate(BASELINES, start=1):
        try:
            if positive[train].all() or not positive[train].any():
                raise ValueError("one class only")
            x = baseline.describe(table, material)
            model = baseline.fit(x[train], positive[train], groups[train], run.protocol.seed)
            probability = model.predict_proba(x[~train])[:, 1]
        except Exception as error:
            # Its message may hold the name of a file.
            log.warning("no baseline '%s': %s", baseline.name, type(error).__name__)
        else:
            rows = table[~train].assign(probability=probability)[PREDICTION_COLUMNS]
            write_text(run.baseline_path(baseline.name), rows.to_csv(index=False))
        progress(number, len(BASELINES))
