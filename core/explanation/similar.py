"""Similar cases: training scans that the network sees as it sees the scan in question.

How the network sees a scan is the mean of each channel of its last convolution over the
picture, 512 numbers; near is what points the same way (cosine distance). It is the network's
own idea of likeness: it says what the answer leans on, not that two patients have one disease.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """A training scan near the one in question.

    Attributes:
        file: Its name in the run's data set.
        sha256: Of the file.
        label: Its class.
        distance: Cosine distance, 0 (the same direction) to 1 (nothing in common).
        near_copy: It shows the same slice: the same picture resized, turned, or relit.
    """

    file: str
    sha256: str
    label: str
    distance: float
    near_copy: bool = False

    def to_json(self) -> dict[str, Any]:
        """The record that `predict --similar --json` documents."""
        return {
            "file": self.file,
            "label": self.label,
            "distance": self.distance,
            "near_copy": self.near_copy,
        }


def training_scans(split: pd.DataFrame) -> pd.DataFrame:
    """The rows of a run's split that features are kept of: training scans as they are, in order."""
    kept = split[(split["split"] == "train") & (split["view"] == 0)]
    return kept.reset_index(drop=True)


def nearest(
    feature: Float32,
    scans: pd.DataFrame,
    features: Float32,
    label: str,
    count: int,
    digests: Collection[str],
    group: object = None,
) -> list[Case]:
    """The nearest training scans of one class, the nearest first.

    Args:
        feature: Of the scan in question, (channels,).
        scans: What `training_scans` gives, n rows.
        features: Of those scans, (n, channels); zeros for one of which there are none, which
            is left out.
        label: The class.
        count: How many at most.
        digests: SHA-256 of the scan in question, which is left out (see
            `core.imaging.scans.Scan`).
        group: Of its near copies, which are marked, if the run knows it.
    """
    distances = cosine_distances(feature, features)
    fits = (scans["label"] == label) & ~scans["sha256"].isin(digests)
    among = np.flatnonzero(fits & np.any(features, axis=1))
    order = among[np.argsort(distances[among], kind="stable")][:count]
    return [
        Case(
            file=str(row.file),
            sha256=str(row.sha256),
            label=label,
            distance=float(distances[number]),
            near_copy=group is not None and bool(row.group == group),
        )
        for number, row in zip(order, scans.iloc[order].itertuples(), strict=True)
    ]


def cosine_distances(feature: Float32, features: Float32) -> NDArray[np.float64]:
    """1 less the cosine of the angle between a feature (c,) and each of (n, c); 1 for nothing."""
    one, many = feature.astype(np.float64), features.astype(np.float64)
    lengths = np.linalg.norm(many, axis=1) * np.linalg.norm(one)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = np.where(lengths > 0, many @ one / lengths, 0.0)
    distances: NDArray[np.float64] = np.clip(1 - cosines, 0, 2)
    return distances
