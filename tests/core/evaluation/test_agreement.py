"""Kappa against scikit-learn, a textbook example and the formula of its standard error."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from core.evaluation.agreement import kappa


@pytest.mark.parametrize("table", [[[20, 5], [10, 15]], [[1, 0], [3, 9]], [[3, 40], [30, 2]]])
def test_value_is_that_of_scikit_learn(table):
    first = [i for i in (0, 1) for j in (0, 1) for _ in range(table[i][j])]
    second = [j for i in (0, 1) for j in (0, 1) for _ in range(table[i][j])]
    assert kappa(table)[0] == pytest.approx(cohen_kappa_score(first, second))


def test_interval_is_that_of_fleiss_cohen_and_everitt():
    # Fleiss, Levin & Paik (2003), equation 18.13, written out for two classes.
    table = np.array([[20, 5], [10, 15]]) / 50
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    chance = float(rows @ columns)
    value = (np.trace(table) - chance) / (1 - chance)
    a = sum(table[i, i] * (1 - (rows[i] + columns[i]) * (1 - value)) ** 2 for i in (0, 1))
    pairs = ((0, 1), (1, 0))
    b = (1 - value) ** 2 * sum(table[i, j] * (columns[i] + rows[j]) ** 2 for i, j in pairs)
    c = (value - chance * (1 - value)) ** 2
    error = math.sqrt(a + b - c) / ((1 - chance) * math.sqrt(50))
    found, (low, high) = kappa([[20, 5], [10, 15]])
    assert found == pytest.approx(0.4)  # the example in every textbook
    assert (low, high) == pytest.approx((0.4 - 1.959964 * error, 0.4 + 1.959964 * error))


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[7, 0], [0, 0]], [[0, 0], [0, 7]]])
def test_one_class_alone_says_nothing(table):
    assert kappa(table) == (None, None)


@pytest.mark.parametrize(("table", "value"), [([[3, 0], [0, 4]], 1), ([[0, 3], [3, 0]], -1)])
def test_complete_agreement_has_no_interval_rather_than_one_without_width(table, value):
    assert kappa(table) == (pytest.approx(value), None)


def test_interval_stays_within_what_is_possible():
    _, (low, high) = kappa([[9, 0], [1, 1]])
    assert -1 <= low < high <= 1
