"""Shares for reading."""

from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.percent import MOST, per_cent, percent


def test_as_many_digits_as_asked_for_where_they_suffice():
    assert per_cent(0.9708) == "97.1"
    assert per_cent(0.5, 0) == "50"
    assert per_cent(1) == "100.0"
    assert per_cent(0, 0) == "0"


def test_one_miss_in_two_hundred_is_not_all():
    assert per_cent(199 / 200, 0) == "99.5"
    assert per_cent(0.99971) == "99.97"
    assert per_cent(0.0004) == "0.04"


def test_a_share_with_its_interval():
    assert percent(0.9712) == "97.1 %"
    assert percent(0.9712, interval=(0.9999, 1.0)) == "97.1 % (99.99–100.0)"
    assert percent(None) == "–"


@given(st.floats(10.0 ** -(MOST + 1), 1 - 10.0 ** -(MOST + 1)), st.integers(0, 3))
def test_neither_none_nor_all_by_rounding(share: float, digits: int):
    assert 0 < float(per_cent(share, digits)) < 100
