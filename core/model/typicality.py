"""How far a picture is from the training scans, as the network sees both.

A picture is described by the mean of each channel of a layer in the middle of VGG19, at length 1.
Its distance is Mahalanobis' from the mean of the training scans (Lee, Lee, Lee & Shin 2018, "A
simple unified framework for detecting out-of-distribution samples"), under the covariance of
Ledoit & Wolf (2004), which also holds for fewer scans than channels.

The limit comes from the training scans alone: each is measured by statistics made without its
group, and all but three in a hundred of these distances lie within the limit (cross-conformal
prediction, Vovk 2015). No picture of anything else has a say in it. In a stage that has trained
blocks up to `LAYER` the network has met those scans, and a limit that they set may be tight.
"""

import math
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.config import Scaling
from core.imaging.preprocessing import scale
from core.model.digests import layer_digests
from core.storage import write_bytes

if TYPE_CHECKING:
    import keras

Floats = NDArray[np.float64]

LAYER = "block4_conv4"
"""Where pictures are told apart best, with trained weights and with random ones, at the sizes of
both protocols (docs/refusal.md)."""
FEWEST = 30
"""Training scans, of as many groups. With fewer there is nothing to go by."""
MOST = 300
"""Training scans that are looked at; more change next to nothing and take their time."""
FOLDS = 5
LEFT_OUT = 0.03
"""Share of scans like the training scans that the limit refuses, at most, in the long run."""


@dataclass(frozen=True, eq=False)
class Typicality:
    """What the training scans look like to a network.

    Attributes:
        mean: (d,), of their features.
        precision: (d, d), inverse of their covariance.
        limit: Largest distance of a picture that is like them.
        scans: How many were looked at.
        weights_sha256: Of the network's layers up to `LAYER`, for which alone all this holds.
    """

    mean: Floats
    precision: Floats
    limit: float
    scans: int
    weights_sha256: str

    def distance(self, features: Floats) -> Floats:
        """How far pictures are, as a multiple of the limit: (n, d) to (n,); above 1 is far."""
        away = features - self.mean
        squared = np.einsum("ni,ij,nj->n", away, self.precision, away)
        found: Floats = np.sqrt(squared.clip(0)) / self.limit
        return found

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        buffer = BytesIO()
        np.savez_compressed(
            buffer,
            mean=self.mean,
            precision=self.precision.astype(np.float32),
            limit=self.limit,
            scans=self.scans,
            weights_sha256=self.weights_sha256,
        )
        write_bytes(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path, weights_sha256: str) -> Self | None:
        """Read it; none where there is none, it is damaged, or it is of other weights."""
        try:
            with np.load(path, allow_pickle=False) as file:
                found = cls(
                    file["mean"].astype(float),
                    file["precision"].astype(float),
                    float(file["limit"]),
                    int(file["scans"]),
                    str(file["weights_sha256"]),
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        return found if found.weights_sha256 == weights_sha256 else None


def measure(features: Floats, groups: NDArray[np.int64], weights_sha256: str) -> Typicality | None:
    """Learn from training scans what is typical.

    Args:
        features: (n, d), as `features_of` gives them.
        groups: (n,), equal for scans that are near copies of one another.
        weights_sha256: What `fingerprint` says of the network.

    Returns:
        Statistics and limit; none with too few scans.
    """
    known = np.unique(groups)
    if len(known) < FEWEST:
        return None
    fold = np.searchsorted(known, groups) % FOLDS
    distances = np.empty(len(features))
    for number in range(FOLDS):
        inside = fold == number
        mean, precision = _statistics(features[~inside])
        held_out = Typicality(mean, precision, 1.0, 0, "")
        distances[inside] = held_out.distance(features[inside])
    rank = min(len(distances), math.ceil((1 - LEFT_OUT) * (len(distances) + 1)))
    limit = float(np.sort(distances)[rank - 1])
    mean, precision = _statistics(features)
    return Typicality(mean, precision, limit, len(features), weights_sha256)


def pooled(activations: NDArray[np.float32]) -> Floats:
    """What `LAYER` gives, (n, h, w, d), to features: the mean of each channel, at length 1."""
    return directions(activations.mean(axis=(1, 2), dtype=np.float64))


def directions(means: NDArray[np.floating]) -> Floats:
    """Means of channels, (n, d), at length 1."""
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    found: Floats = means / np.where(lengths > 0, lengths, 1.0)
    return found


def features_of(
    model: "keras.Model", pictures: NDArray[np.uint8], scaling: Scaling, batch_size: int = 8
) -> Floats:
    """Features of prepared pictures, uint8 (n, S, S, 3) to (n, d)."""
    import keras

    eye = keras.Model(model.input, model.get_layer(LAYER).output)
    found = [
        pooled(
            keras.ops.convert_to_numpy(
                eye.predict_on_batch(scale(pictures[start : start + batch_size], scaling))
            )
        )
        for start in range(0, len(pictures), batch_size)
    ]
    return np.concatenate(found)


def fingerprint(model: "keras.Model") -> str:
    """SHA-256 of all that decides what `LAYER` gives. Stages that have not touched it share it."""
    return layer_digests(model, LAYER)[LAYER]


def chosen(groups: NDArray[np.int64]) -> NDArray[np.intp]:
    """Which scans to look at: at most `MOST`, one of each group before a second of any."""
    place = pd.Series(groups).groupby(groups).cumcount().to_numpy()
    ranked = np.argsort(place, kind="stable")
    once = int((place == 0).sum())
    if once > MOST:  # evenly over the groups
        ranked = ranked[np.linspace(0, once - 1, MOST).round().astype(np.intp)]
    return np.sort(ranked[:MOST])


def _statistics(features: Floats) -> tuple[Floats, Floats]:
    from sklearn.covariance import LedoitWolf

    fitted = LedoitWolf().fit(features)
    return fitted.location_, fitted.precision_
