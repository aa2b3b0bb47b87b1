"""Limits and grey levels shared by all formats."""

import numpy as np
import pytest

from core.errors import UnreadableScan
from core.imaging.reading import MAX_SIDE, check_size, percentile_window, to_grey, to_rgb


@pytest.mark.parametrize("size", [(1, 1), (8000, 8000), (1, MAX_SIDE), (10, 10, 10_000)])
def test_possible_sizes_pass(size):
    check_size(*size)


@pytest.mark.parametrize(
    "size", [(0, 5), (5, -1), (8001, 8001), (1, MAX_SIDE + 1), (9, 9, 0), (9, 9, 10_001)]
)
def test_impossible_sizes_are_refused_with_a_remedy(size):
    with pytest.raises(UnreadableScan) as caught:
        check_size(*size)
    assert caught.value.reason.startswith("it declares")
    assert caught.value.remedy


def test_percentiles_ignore_what_is_no_number():
    values = np.append(np.arange(101.0), [np.nan, np.inf, -np.inf])
    assert percentile_window(values) == pytest.approx((1, 99))
    assert percentile_window(np.array([np.nan])) == (0, 0)


def test_a_range_takes_the_place_of_equal_percentiles():
    values = np.zeros(1000)
    values[3] = 7
    assert percentile_window(values) == (0, 7)


def test_grey_is_even_between_black_and_white():
    values = np.array([-5, 0, 50, 100, 1000], np.int32)
    assert to_grey(values, 0, 100).tolist() == [0, 0, 128, 255, 255]
    assert to_grey(values.astype(np.float64), 0, 100).tolist() == [0, 0, 128, 255, 255]
    assert not to_grey(values, 3, 3).any()
    assert not to_grey(values, 0, float("nan")).any()


def test_the_largest_numbers_do_not_upset_it():
    values = np.array([-1e308, 0, 1e308])
    assert to_grey(values, *percentile_window(values)).dtype == np.uint8


def test_grey_repeats_in_three_channels():
    assert to_rgb(np.array([[1, 2]], np.uint8)).tolist() == [[[1, 1, 1], [2, 2, 2]]]
