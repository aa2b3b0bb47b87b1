"""Which stage is kept, and what is said of it."""

from itertools import combinations

import numpy as np
import pytest

from core.evaluation.keep import Candidate, choose, effect_of, in_words, note
from core.evaluation.results import Gap, PartResult
from core.evaluation.significance import holm, sign_flip

NO_GAP = Gap(loss=0.0, accuracy=0.0, intervals={"loss": (-0.1, 0.1), "accuracy": (-0.1, 0.1)})


def _candidate(name, losses, effect="no measurable change", gap=NO_GAP, groups=None):
    losses = np.asarray(losses, dtype=float)
    n = len(losses)
    right = int((losses < np.log(2)).sum())
    validation = PartResult(
        n=n,
        groups=groups or n,
        accuracy=right / n if n else None,
        loss=float(losses.mean()) if n and np.isfinite(losses).all() else None,
        confusion=[[0, 0], [n - right, right]],
        sensitivity=None,
        specificity=None,
        balanced_accuracy=None,
        auc=None,
        average_precision=None,
        brier=None,
        calibration_error=None,
        intervals={"loss": (0.1, 0.3)},
    )
    return Candidate(name, name.capitalize(), validation, gap, effect), losses


def _losses(mean, n=40, seed=0):
    return mean * np.random.default_rng(seed).uniform(0.5, 1.5, n)


def _choose(*made, groups=None):
    """Choose with the p-values that a comparison would give."""
    pairs = list(combinations(made, 2))
    groups = np.arange(len(made[0][1])) if groups is None else groups
    p_values = holm([sign_flip(b - a, groups, seed=1) for (_, a), (_, b) in pairs])
    names = [(first.name, second.name) for (first, _), (second, _) in pairs]
    return choose([c for c, _ in made], dict(zip(names, p_values, strict=True)))


def test_the_first_stage_is_kept_when_nothing_is_better():
    keep = _choose(_candidate("first", _losses(0.3)), _candidate("second", _losses(0.4, seed=1)))
    assert keep.stage == "first"
    assert "lowest validation loss" in keep.reason
    assert "no gain" in keep.reason
    assert keep.did_not_help == ["second"]


def test_a_clear_gain_is_worth_its_stage():
    keep = _choose(
        _candidate("first", _losses(1.2), "start"),
        _candidate("second", _losses(0.3, seed=1), "better"),
    )
    assert keep.stage == "second"
    assert "every earlier stage is measurably worse" in keep.reason
    assert "Against First" in keep.reason
    assert "more called right of 40" in keep.reason
    assert keep.did_not_help == []


def test_a_gain_that_may_be_chance_is_not():
    rng = np.random.default_rng(3)
    losses = _losses(0.4)
    keep = _choose(
        _candidate("first", losses), _candidate("second", losses + rng.normal(-0.005, 0.2, 40))
    )
    assert keep.stage == "first"
    assert "First is enough" in keep.reason
    assert "may be chance (p = " in keep.reason
    assert "only a large difference would show" in keep.reason


def test_the_earliest_that_is_good_enough():
    better = _losses(0.3, seed=1)
    keep = _choose(
        _candidate("first", _losses(1.2)),
        _candidate("second", better + 0.01 * np.tile([1, -1], 20)),
        _candidate("third", better - 0.0001),
    )
    assert keep.stage == "second"
    assert "Second is enough" in keep.reason
    assert "stages before it are measurably worse" in keep.reason
    assert "Against First" in keep.reason
    assert keep.did_not_help == ["first", "third"]
    assert keep.others == "First and Third brought no measurable gain over the stage before."


def test_of_two_that_are_good_enough_the_earlier_is_kept():
    losses = {"a": 0.32, "b": 0.31, "c": 0.30}
    made = [_candidate(name, _losses(mean))[0] for name, mean in losses.items()]
    keep = choose(made, {("a", "b"): 0.9, ("a", "c"): 0.4, ("b", "c"): 0.4})
    assert keep.stage == "a"
    assert "The lowest validation loss is C's" in keep.reason


def test_copies_of_scans_are_not_counted_as_evidence():
    """Two scans, each twenty times: nothing can be significant."""
    first, best = np.repeat([1.0, 1.2], 20), np.repeat([0.2, 0.3], 20)
    groups = np.repeat([0, 1], 20)
    kept = _choose(
        _candidate("first", first, groups=2), _candidate("best", best, groups=2), groups=groups
    )
    assert kept.stage == "first"
    assert "40 pictures (2 of them independent)" in kept.reason


@pytest.mark.parametrize(("groups", "few"), [(2, True), (150, False)])
def test_scans_are_few_where_few_of_them_are_independent(groups, few):
    made = [
        _candidate(name, _losses(mean, n=150), groups=groups)[0]
        for name, mean in (("a", 0.31), ("b", 0.30))
    ]
    keep = choose(made, {("a", "b"): 0.4})
    assert keep.stage == "a"
    assert ("only a large difference would show" in keep.reason) == few


def test_a_stage_that_diverged_is_never_kept():
    broken = _candidate("broken", np.full(40, np.nan))
    assert _choose(broken, _candidate("second", _losses(0.4))).stage == "second"
    nothing = _choose(broken)
    assert nothing.stage is None
    assert nothing.reason


def test_stages_that_did_harm_are_named():
    keep = _choose(
        _candidate("first", _losses(0.3), "start"),
        _candidate("second", _losses(0.31, seed=1)),
        _candidate("third", _losses(0.9, seed=2), "worse"),
    )
    assert keep.did_not_help == ["second", "third"]
    assert "Second brought no measurable gain" in keep.others
    assert "Third made validation loss measurably worse" in keep.others


def test_the_only_stage_is_kept():
    assert "only stage so far" in _choose(_candidate("first", _losses(0.4))).reason


@pytest.mark.parametrize(
    ("difference", "p", "effect"),
    [
        (-0.1, 0.01, "better"),
        (0.1, 0.01, "worse"),
        (-0.1, 0.05, "no measurable change"),
        (None, None, "no measurable change"),
    ],
)
def test_effect_needs_significance(difference, p, effect):
    assert effect_of(difference, p) == effect


def test_notes_say_which_way_and_how_far():
    assert note("better", -0.12, (-0.2, -0.05)) == (
        "It helped: validation loss fell by 0.12 (0.050 to 0.20)."
    )
    assert "rose by 0.12" in note("worse", 0.12, (0.05, 0.2))
    assert "may be chance" in note("no measurable change", 0.12, (-0.05, 0.2))
    # The interval of one change alone may leave out nought where p, of all together, does not.
    assert note("no measurable change", 0.12, (0.01, 0.2)) == (
        "No measurable gain: validation loss rose by 0.12, which may be chance."
    )
    assert "starts" in note("start", None, None)


def test_overfitting_in_words():
    gap = Gap(loss=0.2, accuracy=0.051, intervals={"loss": (0.1, 0.3), "accuracy": None})
    assert "0.20 lower (0.10 to 0.30) and accuracy 5.1 points higher" in in_words(gap)
    assert "No measurable overfitting" in in_words(NO_GAP)
    assert in_words(Gap(loss=None, accuracy=None, intervals={})) == ""
