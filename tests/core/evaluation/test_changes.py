"""Scans that change sides between two stages."""

import pandas as pd

from core.evaluation.changes import changes, trajectory


def _stage(probabilities):
    return pd.DataFrame(
        {
            "file": ["a", "b", "c", "d", "d"],
            "view": [0, 0, 0, 0, 1],
            "split": "test",
            "label": ["yes", "yes", "no", "no", "no"],
            "probability": probabilities,
        }
    )


FIRST, SECOND = _stage([0.9, 0.2, 0.2, 0.9, 0.9]), _stage([0.8, 0.7, 0.6, 0.8, 0.1])


def test_every_picture_is_told_what_became_of_it():
    table = changes(FIRST, SECOND.sample(frac=1, random_state=1), "yes")
    assert list(table["change"]) == [
        "right in both",
        "put right",
        "made wrong",
        "wrong in both",
        "put right",
    ]
    assert list(table["outcome_first"]) == ["tp", "fn", "tn", "fp", "fp"]
    assert list(table["outcome_second"]) == ["tp", "tp", "fp", "fp", "tn"]
    assert list(table["second"]) == [0.8, 0.7, 0.6, 0.8, 0.1]


def test_pictures_of_one_stage_only_are_left_out():
    assert len(changes(FIRST, SECOND.iloc[:3], "yes")) == 3
    assert changes(FIRST.iloc[:0], SECOND, "yes").empty


def test_trajectory_has_a_column_a_stage():
    table = trajectory({"baseline": FIRST, "stage1": SECOND.iloc[::-1]})
    assert list(table.columns) == ["file", "view", "split", "label", "baseline", "stage1"]
    assert list(table["stage1"]) == list(SECOND["probability"])
    assert trajectory({}).empty
