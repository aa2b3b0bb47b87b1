"""Confusion matrices show the counts."""

import numpy as np
import pytest

from core.reporting import figures


def _matrices(figure):
    """What is filled, matrix by matrix: a column of nothing lies between two."""
    filled = np.asarray(figure.data[0].z)
    assert np.isnan(filled[:, 2::3]).all()
    return [filled[:, left : left + 2] for left in range(0, filled.shape[1], 3)]


def test_confusion_matrices_show_the_counts(comparison):
    figure = figures.confusion_matrices(comparison, "validation")
    filled, cells = figure.data
    edges = np.asarray(filled.x)
    points = list(zip(cells.x, cells.y, cells.text, cells.customdata, strict=True))
    assert len(points) == 4 * len(comparison.stages)
    for number, (stage, matrix) in enumerate(
        zip(comparison.stages, _matrices(figure), strict=True)
    ):
        expected = np.array(stage.validation.confusion)
        np.testing.assert_array_equal(matrix, expected)
        left, middle, right = edges[3 * number : 3 * number + 3]
        for x, y, text, (name, outcome) in points[4 * number : 4 * number + 4]:
            called = 0 if left < x < middle else 1
            assert called == 0 or middle < x < right
            assert f">{expected[y][called]}<" in text
            assert name == stage.name
            assert outcome == [["tn", "fp"], ["fn", "tp"]][y][called]


def test_confusion_matrices_in_per_cent_of_each_row(comparison):
    figure = figures.confusion_matrices(comparison, percent=True)
    for matrix in _matrices(figure):
        np.testing.assert_allclose(matrix.sum(axis=1), [100, 100])
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, 100)


@pytest.mark.parametrize("outcome", ["tn", "fp", "fn", "tp"])
def test_the_chosen_cell_is_framed(comparison, outcome):
    figure = figures.confusion_matrices(comparison, chosen=("stage1", outcome))
    (frame,) = figure.layout.shapes
    _, cells = figure.data
    within = [
        tuple(cell)
        for x, y, cell in zip(cells.x, cells.y, cells.customdata, strict=True)
        if frame.x0 < x < frame.x1 and frame.y0 < y < frame.y1
    ]
    assert within == [("stage1", outcome)]
    assert not figures.confusion_matrices(comparison).layout.shapes
