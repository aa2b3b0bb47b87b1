"""What tests of figures share."""

import numpy as np
import pandas as pd

TITLES = {"baseline": "Baseline", "stage1": "Stage 1"}
SLICES = pd.DataFrame(
    {
        "slice": [1, 2, 3, 4],
        "probability": [0.2, np.nan, 0.9, 0.6],
        "reason": [None, "no head", None, "too dark"],
    }
)


def named(figure, name):
    """The traces of this name."""
    return [trace for trace in figure.data if trace.name == name]
