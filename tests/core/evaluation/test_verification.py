"""How far two tables of the same pictures are apart."""

import pandas as pd
import pytest

from core.evaluation.verification import largest_difference


@pytest.fixture
def rows():
    return pd.DataFrame(
        {
            "file": ["a.png", "b.png", "c.png"],
            "view": 0,
            "split": ["validation", "test", "test"],
            "label": ["no", "no", "yes"],
            "probability": [0.1, 0.4, 0.8],
        }
    )


def test_it_is_the_largest_of_all_pictures_in_any_order(rows):
    assert largest_difference(rows, rows) == 0
    again = rows.assign(probability=[0.1, 0.7, 0.6])[::-1]
    assert largest_difference(rows, again) == pytest.approx(0.3)


def test_a_picture_that_one_table_lacks_is_an_infinite_difference(rows):
    assert largest_difference(rows, rows.iloc[1:]) == float("inf")
    assert largest_difference(rows.iloc[1:], rows) == float("inf")


def test_training_is_not_predicted_again(rows):
    train = rows.assign(split="train")
    assert largest_difference(pd.concat([rows, train]), rows) == 0
    assert largest_difference(train, rows.iloc[:0]) == 0
