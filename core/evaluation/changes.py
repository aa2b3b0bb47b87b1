"""Which scans changed sides from one stage to another."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core.evaluation.metrics import THRESHOLD, outcomes

CHANGES = ("right in both", "put right", "made wrong", "wrong in both")
KEYS = ["file", "view"]


def changes(
    first: pd.DataFrame, second: pd.DataFrame, positive: str, threshold: float = THRESHOLD
) -> pd.DataFrame:
    """What became of each picture between two stages.

    Args:
        first: Predictions of the earlier stage.
        second: Predictions of the later one; pictures that only one of them has are left out.
        positive: Name of the positive class.
        threshold: From which probability on a picture is called positive.

    Returns:
        Columns file, view, split, label, first, second (probabilities), outcome_first,
        outcome_second (see `core.evaluation.metrics.outcomes`) and change (one of `CHANGES`).
    """
    pair = first.merge(second[[*KEYS, "probability"]], on=KEYS, suffixes=("", "_second"))
    pair = pair.rename(columns={"probability": "first", "probability_second": "second"})
    for which in ("first", "second"):
        rows = pair[["label"]].assign(probability=pair[which])
        pair[f"outcome_{which}"] = outcomes(rows, positive, threshold)
    right = [pair[f"outcome_{which}"].isin(["tp", "tn"]) for which in ("first", "second")]
    pair["change"] = np.select(
        [right[0] & right[1], ~right[0] & right[1], right[0] & ~right[1]],
        CHANGES[:3],
        CHANGES[3],
    )
    return pair[
        [*KEYS, "split", "label", "first", "second", "outcome_first", "outcome_second", "change"]
    ]


def trajectory(predictions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Probability of every picture in every stage.

    Args:
        predictions: By stage, in the order wanted.

    Returns:
        Columns file, view, split, label, then one a stage, by its name.
    """
    table: pd.DataFrame | None = None
    for stage, rows in predictions.items():
        column = rows.rename(columns={"probability": stage})
        if table is None:
            table = column[[*KEYS, "split", "label", stage]]
        else:
            table = table.merge(column[[*KEYS, stage]], on=KEYS, how="left")
    return pd.DataFrame(columns=[*KEYS, "split", "label"]) if table is None else table
