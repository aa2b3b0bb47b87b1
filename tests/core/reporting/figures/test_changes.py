"""The matrix of changes counts who moved."""

import numpy as np
import pandas as pd

from core.reporting import figures


def test_changes_matrix_counts_who_moved():
    table = pd.DataFrame(
        {
            "outcome_first": ["fn", "fn", "tp", "tn", "tn"],
            "outcome_second": ["tp", "tp", "fn", "tn", "fp"],
        }
    )
    figure = figures.changes_matrix(table, "A", "B", ("no", "yes"))
    text = dict(zip([c[0] for c in figure.data[1].customdata], figure.data[1].text, strict=True))
    assert "+1" in text["tp"]
    assert "2 in, 1 out" in text["tp"]
    assert "−1" in text["fn"]
    assert "0 in, 1 out" in text["tn"]
    # Fewer misses and more hits are both better; a new false alarm is worse.
    np.testing.assert_array_equal(figure.data[0].z, [[-1, -1], [1, 1]])


def test_changes_matrix_of_no_change_at_all():
    table = pd.DataFrame({"outcome_first": ["tp"], "outcome_second": ["tp"]})
    figure = figures.changes_matrix(table, "A", "B", ("no", "yes"))
    np.testing.assert_array_equal(figure.data[0].z, np.zeros((2, 2)))
    assert figure.data[0].zmax == 1
