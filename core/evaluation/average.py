"""Stages taken together: the mean of their probabilities as one prediction."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

AVERAGE = "average"
AVERAGE_TITLE = "Average of stages"


def average(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The mean probability of several predictions of the same pictures in the same order."""
    mean = np.mean([table["probability"].to_numpy() for table in tables], axis=0)
    return tables[0].assign(probability=mean)
