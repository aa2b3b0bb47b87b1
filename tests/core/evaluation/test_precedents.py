"""Precedents: counted by hand, and as wild as tables come."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.intervals import wilson
from core.evaluation.precedents import MOST, in_words, precedents


def table(*rows):
    """(label, probability of yes, group) of each."""
    return pd.DataFrame(rows, columns=["label", "probability", "group"])


def test_the_same_call_alone_counts():
    test = table(
        ("yes", 0.9, "a"), ("no", 0.8, "b"), ("yes", 0.6, "c"), ("yes", 0.4, "d"), ("no", 0.1, "e")
    )
    found = precedents(test, "yes", 0.85)
    assert (found.n, found.right) == (3, 2)
    assert (found.least, found.most) == (0.6, 0.9)
    assert found.interval == wilson(2, 3)
    found = precedents(test, "yes", 0.2)
    assert (found.n, found.right) == (2, 1)
    assert (found.least, found.most) == pytest.approx((0.6, 0.9))


def test_the_nearest_are_taken():
    sure = [("yes", 0.99, f"sure{i}") for i in range(40)]
    unsure = [("no", 0.60 + i / 1000, f"unsure{i}") for i in range(MOST)]
    found = precedents(table(*sure, *unsure), "yes", 0.61)
    assert (found.n, found.right, found.open) == (MOST, 0, True)
    assert found.most < 0.62
    found = precedents(table(*sure, *unsure), "yes", 0.98)
    assert (found.n, found.right, found.open) == (MOST, MOST, False)


def test_near_copies_count_once_and_a_scan_is_not_its_own_precedent():
    test = table(("yes", 0.9, "a"), ("yes", 0.91, "a"), ("yes", 0.92, "a"), ("no", 0.7, "b"))
    assert precedents(test, "yes", 0.9).n == 2
    found = precedents(test, "yes", 0.9, group="a")
    assert (found.n, found.right) == (1, 0)


@pytest.mark.parametrize(("p", "right"), [(0.9, 1), (0.6, 0)])
def test_of_near_copies_the_nearest_counts(p, right):
    test = table(("no", 0.60, "a"), ("yes", 0.90, "a"))
    found = precedents(test, "yes", p)
    assert (found.n, found.right) == (1, right)


def test_without_precedents_there_is_none():
    assert precedents(table(("no", 0.1, "a")), "yes", 0.9) is None
    assert precedents(table(), "yes", 0.9) is None
    assert precedents(table(("yes", 0.9, "a")), "yes", 0.9, group="a") is None


def test_words_tell_the_count_the_share_and_its_interval():
    test = table(*[("yes", 0.9, str(i)) for i in range(18)], ("no", 0.94, "x"), ("no", 0.85, "y"))
    found = precedents(test, "yes", 0.9)
    assert in_words(found, "yes") == (
        "Of 20 calls of 'yes' on test scans, the nearest in probability (85.0 to 94.0 %), 18 were "
        "right: 90 % (70–97)."
    )


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["yes"] * 3, "Too few to rule out chance."),
        (["yes"] * 15 + ["no"] * 5, "(53–89)."),
        (["yes"] * 14 + ["no"] * 6, "Chance might do as well: this call settles nothing."),
    ],
)
def test_words_say_what_chance_could_do(labels, said):
    test = table(*[(label, 0.9, str(i)) for i, label in enumerate(labels)])
    assert in_words(precedents(test, "yes", 0.9), "yes").endswith(said)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["yes", "no"]), st.floats(0, 1), st.integers(0, 30).map(str)),
        max_size=60,
    ),
    st.floats(0, 1),
)
def test_any_table_in_any_order(rows, p):
    test = table(*rows)
    found = precedents(test, "yes", p)
    groups = {group for _, q, group in rows if (q >= 0.5) == (p >= 0.5)}
    if not groups:
        assert found is None
        return
    assert found.n == min(MOST, len(groups))
    assert 0 <= found.right <= found.n
    assert 0.5 <= found.least <= found.most <= 1
    assert found.interval[0] <= found.right / found.n <= found.interval[1]


def test_calls_that_are_right_by_chance_are_open_as_often_as_the_interval_says():
    rng = np.random.default_rng(5)
    settled = 0
    for _ in range(400):
        labels = np.where(rng.random(MOST) < 0.5, "yes", "no")
        test = pd.DataFrame({"label": labels, "probability": 0.8, "group": np.arange(MOST)})
        settled += not precedents(test.astype({"group": str}), "yes", 0.8).open
    assert settled / 400 < 0.05
