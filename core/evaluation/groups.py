"""Which of the predicted pictures are no evidence of their own."""

from typing import TYPE_CHECKING

from core.training.runs import Run

if TYPE_CHECKING:
    import pandas as pd


def grouped(run: Run, predictions: "pd.DataFrame") -> "pd.DataFrame":
    """Predictions of a run with the group of each picture, in a fixed order.

    Near copies, and all pictures of a patient where patients are known, are one group. A picture
    of which no group is on record is one with the views of its file.
    """
    split = run.split()
    rows = predictions.sort_values(["file", "view"], kind="stable")
    rows = rows.drop(columns="group", errors="ignore")
    if "group" in split:
        rows = rows.merge(split[["file", "view", "group"]], on=["file", "view"], how="left")
        rows["group"] = rows["group"].astype(object).where(rows["group"].notna(), rows["file"])
    else:
        rows = rows.assign(group=rows["file"])
    rows["group"] = rows["group"].astype(str)
    return rows
