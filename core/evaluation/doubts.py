"""Labels that held-out predictions speak against.

Confident learning (Northcutt, Jiang & Chuang 2021, "Confident learning: estimating uncertainty in
dataset labels", J Artif Intell Res 70): a scan is in doubt when networks that have not met it are
as sure that it belongs to the other class as they are, on average, of the scans that are labelled
so. The threshold is each class's own, so that a class of which they are never sure counts as well.
"""

import numpy as np
import pandas as pd
from pydantic import Field

from core.config import Frozen
from core.evaluation.metrics import probability, truth


class Doubt(Frozen):
    """A scan whose label may be wrong; or else the networks are, and sure of it."""

    file: str
    label: str
    probability: float = Field(description="of the other class, mean over the seeds")


def doubts(predictions: pd.DataFrame, positive: str) -> list[Doubt]:
    """The scans whose label is in doubt, the surest contradiction first.

    Args:
        predictions: Of scans by networks that have not met them: columns file, label and
            probability (of the positive class), once for each seed.
        positive: The positive class.
    """
    rows = predictions.groupby(["file", "label"])["probability"].mean().reset_index()
    ill, of_ill = truth(rows, positive), probability(rows)
    if ill.all() or not ill.any():
        return []
    other = np.where(ill, 1 - of_ill, of_ill)
    usual = np.where(ill, (1 - of_ill)[~ill].mean(), of_ill[ill].mean())
    found = rows.assign(other=other)[(other >= usual) & (other > 0.5)]
    return [
        Doubt(file=str(row.file), label=str(row.label), probability=float(row.other))
        for row in found.sort_values("other", ascending=False, kind="stable").itertuples()
    ]
