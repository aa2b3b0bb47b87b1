"""Calibration against scikit-learn, bin by bin and by logistic regression."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from core.evaluation.calibration import (
    calibration_error,
    calibration_error_interval,
    fit_temperature,
    reliability,
    with_temperature,
)
from core.evaluation.intervals import GroupBootstrap, wilson
from core.evaluation.metrics import confusion, summarise


def _rows(n=400, temperature=1.0, seed=0):
    """Probabilities that would be right at this temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.3, 1.5, n)
    truth = rng.random(n) < 1 / (1 + np.exp(-logits))
    return pd.DataFrame(
        {
            "label": np.where(truth, "yes", "no"),
            "probability": 1 / (1 + np.exp(-logits * temperature)),
        }
    )


def test_bins_agree_with_scikit_learn():
    rows = _rows()
    bins = reliability(rows, "yes")
    observed, predicted = calibration_curve(rows["label"] == "yes", rows["probability"], n_bins=10)
    np.testing.assert_allclose(bins["observed"], observed)
    np.testing.assert_allclose(bins["predicted"], predicted)
    assert bins["n"].sum() == len(rows)
    for row in bins.itertuples():
        assert (row.low, row.high) == wilson(round(row.observed * row.n), row.n)


def test_bins_of_many_slices_a_patient_are_no_surer():
    rows = _rows()
    ten = rows.loc[rows.index.repeat(10)]
    bootstrap = GroupBootstrap.of(ten.index, seed=7)
    bins, alone = reliability(ten, "yes", bootstrap), reliability(rows, "yes")
    np.testing.assert_allclose(bins["observed"], alone["observed"])
    assert (bins["high"] - bins["low"]).min() > 0.6 * (alone["high"] - alone["low"]).min()


def test_error_bin_by_bin():
    rows = _rows(temperature=2.5)
    error = 0.0
    for left in np.arange(10) / 10:
        inside = rows[(rows["probability"] >= left) & (rows["probability"] < left + 0.1)]
        if len(inside):
            observed = (inside["label"] == "yes").mean()
            error += len(inside) / len(rows) * abs(observed - inside["probability"].mean())
    assert calibration_error(rows, "yes") == pytest.approx(error)


def test_error_knows_the_perfect_and_the_sure_and_wrong():
    sure = pd.DataFrame({"label": ["yes", "no"], "probability": [1.0, 0.0]})
    assert calibration_error(sure, "yes") == 0
    assert calibration_error(sure, "no") == 1
    assert calibration_error(sure.iloc[:0], "yes") is None
    assert calibration_error(sure.assign(probability=math.nan), "yes") is None
    assert reliability(sure.assign(probability=math.nan), "yes").empty


def test_error_interval_surrounds_the_error():
    for seed in range(5):
        rows = _rows(n=80, seed=seed)
        boot = GroupBootstrap.of(np.arange(80), seed=seed)
        low, high = calibration_error_interval(rows, "yes", boot)
        assert 0 <= low < calibration_error(rows, "yes") < high <= 1


def test_error_interval_holds_the_truth_where_calibration_is_perfect():
    held = []
    for seed in range(40):
        rows = _rows(n=100, seed=seed)
        boot = GroupBootstrap.of(np.arange(100), seed=seed, resamples=200)
        low, _ = calibration_error_interval(rows, "yes", boot)
        held.append(low == 0)
    assert np.mean(held) >= 0.9


def test_an_error_that_no_chance_explains_has_an_interval_above_nought():
    rows = _rows(n=300, temperature=4.0, seed=3)
    boot = GroupBootstrap.of(np.arange(300), seed=3, resamples=200)
    low, _ = calibration_error_interval(rows, "yes", boot)
    assert low > 0.05


def test_copies_of_a_few_scans_prove_no_error():
    few = _rows(n=12, temperature=1.5, seed=3)
    rows = few.loc[np.repeat(np.arange(12), 25)].reset_index(drop=True)
    alone = GroupBootstrap.of(np.arange(300), seed=3, resamples=200)
    together = GroupBootstrap.of(np.repeat(np.arange(12), 25), seed=3, resamples=200)
    assert calibration_error_interval(rows, "yes", alone)[0] > 0
    assert calibration_error_interval(rows, "yes", together)[0] == 0


def test_error_interval_resamples_as_told():
    rows = _rows(n=50, temperature=4.0, seed=1)
    boot = GroupBootstrap.of(np.arange(50) // 2, seed=2, resamples=200)
    errors = np.array(
        [
            calibration_error(
                rows.loc[np.repeat(np.arange(50), draw[boot.member].astype(int))], "yes"
            )
            for draw in boot.draws
        ]
    )
    shifted = errors - errors.mean() + calibration_error(rows, "yes")
    expected = np.quantile(shifted, [0.025, 0.975])
    assert calibration_error_interval(rows, "yes", boot) == pytest.approx(tuple(expected))


def test_temperature_agrees_with_logistic_regression():
    """One weight and no intercept on the logit is the same model: weight = 1 / temperature."""
    rows = _rows(temperature=3.0, n=1500)
    logits = np.log(rows["probability"] / (1 - rows["probability"])).to_numpy()[:, None]
    model = LogisticRegression(C=1e10, fit_intercept=False, tol=1e-8)
    model.fit(logits, rows["label"] == "yes")
    found = fit_temperature(rows, "yes")
    assert found == pytest.approx(1 / model.coef_[0, 0], rel=1e-3)
    assert found == pytest.approx(3.0, rel=0.15)


def test_temperature_lowers_the_loss_and_moves_nobody():
    rows = _rows(temperature=4.0)
    mended = with_temperature(rows, fit_temperature(rows, "yes"))
    assert summarise(mended, "yes").loss < summarise(rows, "yes").loss
    assert calibration_error(mended, "yes") < calibration_error(rows, "yes")
    assert confusion(mended, "yes") == confusion(rows, "yes")
    assert summarise(mended, "yes").auc == pytest.approx(summarise(rows, "yes").auc)


def test_temperature_of_what_cannot_be_fitted():
    one_class = _rows().query("label == 'yes'")
    assert fit_temperature(one_class, "yes") is None
    separable = pd.DataFrame({"label": ["yes", "no"], "probability": [0.7, 0.3]})
    assert fit_temperature(separable, "yes") == pytest.approx(0.05, rel=0.01)
