"""Figures by hand and against scikit-learn."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from core.evaluation.metrics import confusion, log_losses, outcomes, summarise

ROWS = pd.DataFrame(
    {
        "label": ["yes", "yes", "yes", "no", "no"],
        "probability": [0.9, 0.8, 0.3, 0.6, 0.1],
    }
)


def test_figures_by_hand():
    summary = summarise(ROWS, "yes")
    assert summary.confusion == [[1, 1], [1, 2]]
    assert summary.accuracy == pytest.approx(3 / 5)
    assert summary.sensitivity == pytest.approx(2 / 3)
    assert summary.specificity == pytest.approx(1 / 2)
    assert summary.balanced_accuracy == pytest.approx(7 / 12)
    assert summary.auc == pytest.approx(5 / 6)  # of six pairs only 0.3 against 0.6 is wrong
    losses = [-math.log(p) for p in (0.9, 0.8, 0.3, 0.4, 0.9)]
    assert summary.loss == pytest.approx(sum(losses) / 5)
    assert summary.brier == pytest.approx((0.01 + 0.04 + 0.49 + 0.36 + 0.01) / 5)


def test_which_class_is_positive_turns_the_matrix_round():
    turned = ROWS.assign(probability=1 - ROWS["probability"])
    assert summarise(turned, "no").confusion == [[2, 1], [1, 1]]


def test_outcomes_count_up_to_the_matrix():
    counts = outcomes(ROWS, "yes").value_counts()
    assert confusion(ROWS, "yes") == [[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]]
    assert list(outcomes(ROWS, "yes")) == ["tp", "tp", "fn", "fp", "tn"]


def test_threshold_itself_counts_as_positive():
    rows = pd.DataFrame({"label": ["no"], "probability": [0.5]})
    assert confusion(rows, "yes") == [[0, 1], [0, 0]]
    assert confusion(rows, "yes", threshold=0.51) == [[1, 0], [0, 0]]


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    st.lists(
        st.tuples(st.booleans(), st.floats(0, 1, allow_subnormal=False)), min_size=1, max_size=30
    )
)
def test_figures_agree_with_scikit_learn(pairs):
    truth, p = (np.array(column) for column in zip(*pairs, strict=True))
    rows = pd.DataFrame({"label": np.where(truth, "yes", "no"), "probability": p})
    summary = summarise(rows, "yes")
    called = p >= 0.5
    assert summary.accuracy == pytest.approx(sk.accuracy_score(truth, called))
    clipped = np.clip(p, 1e-7, 1 - 1e-7)
    expected = sk.log_loss(truth, np.stack([1 - clipped, clipped], 1), labels=[False, True])
    assert summary.loss == pytest.approx(expected, abs=1e-6)
    assert summary.brier == pytest.approx(np.mean((p - truth) ** 2))
    if truth.any():
        assert summary.sensitivity == pytest.approx(sk.recall_score(truth, called))
    if truth.any() and not truth.all():
        assert summary.auc == pytest.approx(sk.roc_auc_score(truth, p))
        assert summary.balanced_accuracy == pytest.approx(sk.balanced_accuracy_score(truth, called))


def test_what_is_undefined_is_none():
    only_yes = summarise(ROWS[ROWS["label"] == "yes"], "yes")
    assert only_yes.sensitivity == pytest.approx(2 / 3)
    assert (only_yes.specificity, only_yes.balanced_accuracy, only_yes.auc) == (None, None, None)
    empty = summarise(ROWS.iloc[:0], "yes")
    assert empty.n == 0
    assert empty.confusion == [[0, 0], [0, 0]]
    assert {empty.accuracy, empty.loss, empty.sensitivity, empty.auc, empty.brier} == {None}


def test_a_network_that_diverged_has_no_loss():
    summary = summarise(ROWS.assign(probability=[math.nan, 0.8, 0.3, 0.6, 0.1]), "yes")
    assert summary.n == 5
    assert (summary.loss, summary.auc, summary.brier) == (None, None, None)


def test_one_sure_error_is_not_infinite():
    rows = pd.DataFrame({"label": ["no", "yes"], "probability": [1.0, 1.0]})
    assert log_losses(rows, "yes") == pytest.approx([-math.log(1e-7), 0.0])
