"""The operating point: chosen on validation alone, its predictive values as published."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit
from scipy.stats import norm
from sklearn import metrics as sk

from core.errors import SettingError
from core.evaluation.intervals import wilson
from core.evaluation.operating import (
    in_words,
    operating_point,
    predictive_values,
    threshold_for,
)
from core.evaluation.parts import PartView


def _view(ill, p, group=None):
    label = np.where(ill, "yes", "no")
    group = np.arange(len(p)) if group is None else group
    return PartView(pd.DataFrame({"label": label, "probability": p, "group": group}), "yes", seed=7)


def _part(n=200, seed=0, share=0.6):
    rng = np.random.default_rng(seed)
    ill = rng.random(n) < share
    p = np.round(1 / (1 + np.exp(-rng.normal(np.where(ill, 1.2, -0.8), 1.3))), 3)
    return _view(ill, p)


def _patients(patients, slices, seed, share=0.5):
    """So many slices of each patient, all of them as easy or as hard."""
    rng = np.random.default_rng(seed)
    ill = rng.random(patients) < share
    p = 1 / (1 + np.exp(-rng.normal(np.where(ill, 1.2, -0.8), 1.3)))
    return _view(ill.repeat(slices), p.repeat(slices), np.arange(patients).repeat(slices))


def test_predictive_values_are_those_published():
    """A gene signature in breast cancer (van de Vijver et al., 2002) at 7 % prevalence.

    31 of 34 cases and 12 of 44 controls are positive. Figures of the R package CIfinder 1.0
    (method "zhou", logit transformed), which implements the same paper.
    """
    positive, negative = predictive_values(tp=31, fn=3, tn=32, fp=12, prevalence=0.07)
    assert positive.value == pytest.approx(0.2010444, abs=1e-7)
    assert positive.interval == pytest.approx((0.1331384, 0.2919216), abs=1e-7)
    assert negative.value == pytest.approx(0.9909508, abs=1e-7)
    assert negative.interval == pytest.approx((0.9734141, 0.9969560), abs=1e-7)


def test_predictive_values_agree_with_the_delta_method_by_numbers():
    """Mercaldo, Lau & Zhou's own example: ApoE e4 and Alzheimer's disease, their table VIII."""
    tp, fn, fp, tn, z = 240, 178, 87, 288, 1.959963985
    se, sp = tp / (tp + fn), tn / (tn + fp)
    spread = np.array([se * (1 - se) / (tp + fn), sp * (1 - sp) / (tn + fp)])
    for prevalence in (0.03, 0.5):
        found = predictive_values(tp, fn, tn, fp, prevalence)

        def logits(se, sp, prevalence=prevalence):
            positive = se * prevalence / (se * prevalence + (1 - sp) * (1 - prevalence))
            negative = sp * (1 - prevalence) / (sp * (1 - prevalence) + (1 - se) * prevalence)
            return np.log([positive / (1 - positive), negative / (1 - negative)])

        step = 1e-6
        slopes = [
            (logits(se + step, sp) - logits(se - step, sp)) / (2 * step),
            (logits(se, sp + step) - logits(se, sp - step)) / (2 * step),
        ]
        deviation = np.sqrt(np.square(slopes).T @ spread)
        for value, centre, reach in zip(found, logits(se, sp), z * deviation, strict=True):
            edges = [1 / (1 + math.exp(-e)) for e in (centre - reach, centre + reach)]
            assert value.interval == pytest.approx(edges, abs=1e-7)
            assert value.value == pytest.approx(1 / (1 + math.exp(-centre)))


def test_at_the_ends_the_adjusted_interval_takes_over():
    positive, negative = predictive_values(tp=31, fn=3, tn=44, fp=0, prevalence=0.07)
    assert positive.value == positive.interval[1] == 1
    z = 1.959963985
    share, error = (31 + z**2 / 2) / (34 + z**2), (z**2 / 2) / (44 + z**2)
    centre = math.log(0.07 / 0.93 * share / error)
    reach = z * math.sqrt((1 - share) / share / (34 + z**2) + (1 - error) / error / (44 + z**2))
    assert positive.interval[0] == pytest.approx(1 / (1 + math.exp(reach - centre)))
    assert negative.interval[0] < negative.value < negative.interval[1] < 1


def test_predictive_values_cover_what_they_should():
    rng = np.random.default_rng(1)
    true = 0.9 * 0.2 / (0.9 * 0.2 + 0.15 * 0.8)
    covered = 0
    for tp, tn in zip(rng.binomial(60, 0.9, 1000), rng.binomial(50, 0.85, 1000), strict=True):
        low, high = predictive_values(tp, 60 - tp, tn, 50 - tn, 0.2)[0].interval
        covered += low <= true <= high
    assert 0.93 < covered / 1000 < 0.975


@pytest.mark.parametrize("cells", [(0, 0, 5, 5), (5, 5, 0, 0)])
def test_one_class_has_no_predictive_value(cells):
    assert predictive_values(*cells, prevalence=0.1) == (None, None)


def test_what_is_never_called_has_no_predictive_value():
    positive, negative = predictive_values(tp=0, fn=9, tn=7, fp=0, prevalence=0.1)
    assert positive is None
    assert negative.value == pytest.approx(0.9)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=1, max_size=40).filter(
        lambda rows: any(positive for positive, _ in rows)
    ),
    st.floats(0.01, 1),
)
def test_no_threshold_has_fewer_false_alarms(rows, wanted):
    """Against every threshold that could be chosen, ties among them."""
    is_positive = np.array([positive for positive, _ in rows])
    p = np.array([score for _, score in rows]) / 12
    chosen = threshold_for(is_positive, p, wanted)
    enough = [
        (p[~is_positive] >= t).sum()
        for t in np.unique(p)
        if (p[is_positive] >= t).mean() >= wanted - 1e-9
    ]
    assert (p[is_positive] >= chosen).mean() >= wanted - 1e-9
    assert (p[~is_positive] >= chosen).sum() == min(enough)


@pytest.mark.parametrize(("positives", "wanted"), [(10, 0.7), (25, 0.28)])
def test_no_more_is_found_than_was_wanted(positives, wanted):
    """As a binary number, 0.28 of 25 is a little more than 7."""
    p = np.arange(1, positives + 1) / (positives + 1)
    chosen = threshold_for(np.full(positives, True), p, wanted)
    assert (p >= chosen).sum() == 7


def test_threshold_leaves_the_same_room_on_both_sides():
    is_positive = np.array([True, True, False, True, False])
    p = np.array([0.9, 0.7, 0.5, 0.3, 0.1])
    assert threshold_for(is_positive, p, 0.6) == pytest.approx(0.6)
    assert threshold_for(is_positive, p, 1) == pytest.approx(0.2)
    assert threshold_for(is_positive[:2], p[:2], 1) == pytest.approx(0.35)
    close = np.array([0.5, np.nextafter(0.5, 0)])
    assert threshold_for(np.array([True, False]), close, 1) == 0.5


def test_only_validation_has_a_say():
    validation, test = _part(seed=1), _part(seed=2)
    point = operating_point(validation, test, 0.9, 0.1)
    other = operating_point(validation, _view(test.truth, np.full(200, 0.2)), 0.9, 0.1)
    assert point.threshold == other.threshold
    assert point.validation == other.validation
    called = test.probability >= point.threshold
    assert point.test.confusion == sk.confusion_matrix(test.truth, called).tolist()
    assert point.test.sensitivity == pytest.approx(sk.recall_score(test.truth, called))
    (tn, fp), (fn, tp) = point.test.confusion
    assert point.test.intervals["sensitivity"] == wilson(tp, tp + fn)
    assert point.test.intervals["specificity"] == wilson(tn, tn + fp)
    values = predictive_values(tp, fn, tn, fp, 0.1)
    assert (point.positive_predictive_value, point.negative_predictive_value) == values


def test_too_small_a_validation_says_so():
    """73 positives are the fewest of which finding all shows 95 %: n / (n + 1.96²) is 0.95."""
    few, many = _part(60), _part(400)
    caution = operating_point(few, few).caution
    assert "too small" in caution
    assert "73 or more" in caution
    assert wilson(73, 73)[0] >= 0.95 > wilson(72, 72)[0]
    assert operating_point(many, many).caution is None
    assert "No number of scans" in operating_point(many, many, 1).caution


def test_many_slices_of_few_patients_promise_no_more_than_patients_can():
    """Ten slices of each, called alike: an interval as of one slice of each, about."""
    one, ten = _patients(40, 1, 3), _patients(40, 10, 3)
    assert ten.clustered
    alone, together = operating_point(one, one, 0.9, 0.2), operating_point(ten, ten, 0.9, 0.2)
    assert together.threshold == alone.threshold
    for figure in ("sensitivity", "specificity"):
        few, many = alone.test.intervals[figure], together.test.intervals[figure]
        assert many == pytest.approx(few, abs=0.08)
    for name in ("positive_predictive_value", "negative_predictive_value"):
        few, many = getattr(alone, name), getattr(together, name)
        assert many.value == pytest.approx(few.value)
        assert many.interval[0] < many.value < many.interval[1]
        assert many.interval[1] - many.interval[0] > 0.6 * (few.interval[1] - few.interval[0])
    ill = int(one.truth.sum())
    assert f"with {ill} independent groups of positive scans" in together.caution


def test_all_found_in_few_patients_is_as_much_as_so_many_patients_tell():
    """Of 40 patients three are ill: that all their slices are found says little."""
    ill = np.repeat(np.arange(40) < 3, 10)
    part = _view(ill, np.where(ill, 0.9, 0.1), np.repeat(np.arange(40), 10))
    point = operating_point(part, part, 0.95, 0.1)
    assert point.test.intervals["sensitivity"] == wilson(3, 3)
    assert point.test.intervals["specificity"] == wilson(37, 37)
    of_patients = predictive_values(3, 0, 37, 0, 0.1)
    assert point.positive_predictive_value.interval == pytest.approx(of_patients[0].interval)
    assert point.negative_predictive_value.interval == pytest.approx(of_patients[1].interval)


def test_predictive_values_of_clustered_slices_cover_what_they_should():
    covered = []
    for seed in range(150):
        part = _patients(60, 4, seed)
        point = operating_point(_view(np.array([True]), np.array([0.5])), part, 0.9, 0.2)
        found, alarms = norm.cdf((np.array([1.2, -0.8]) - logit(point.threshold)) / 1.3)
        low, high = point.positive_predictive_value.interval
        covered.append(low <= found * 0.2 / (found * 0.2 + alarms * 0.8) <= high)
    assert 0.88 < np.mean(covered) <= 1


def test_without_a_positive_there_is_no_threshold():
    part = _part()
    negatives = _view(np.zeros(9, bool), np.linspace(0, 1, 9))
    point = operating_point(negatives, part, prevalence=0.1)
    assert point.threshold is None
    assert point.test.sensitivity is point.positive_predictive_value is None
    assert "no threshold" in in_words(point, "no", "yes")[0]
    broken = operating_point(_view(part.truth, np.full(200, np.nan)), part)
    assert broken.threshold is None


@pytest.mark.parametrize(
    ("sensitivity", "prevalence", "told"),
    [(0, None, "sensitivity"), (1.1, None, "sensitivity"), (0.9, 0, "prevalence"), (0.9, 10, "1")],
)
def test_impossible_shares_are_refused(sensitivity, prevalence, told):
    with pytest.raises(SettingError, match=told):
        operating_point(_part(), _part(), sensitivity, prevalence)


@pytest.mark.parametrize(("wanted", "said"), [(0.995, "99.5 %"), (0.925, "92.5 %"), (0.07, "7 %")])
def test_the_wanted_sensitivity_is_said_as_it_was_given(wanted, said):
    part = _part(60)
    point = operating_point(part, part, wanted)
    assert f"finds {said} of the" in in_words(point, "no", "yes")[0]
    assert point.caution is None or f"to show {said}." in point.caution


def test_in_words():
    point = operating_point(_part(60, seed=1), _part(60, seed=2), 0.95, 0.1)
    said = " ".join(in_words(point, "no", "yes"))
    (tn, fp), (fn, tp) = point.test.confusion
    assert f"it finds {tp} of {tp + fn}" in said
    assert f"leaves {tn} of {tn + fp}" in said
    assert f"is right in {100 * point.positive_predictive_value.value:.1f} %" in said
    assert point.caution
