"""Any setting of a protocol by its path, as it is typed in a shell."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import Head, Input, Protocol
from core.errors import SettingError
from core.protocols import LEAKFREE, REPORT, changed_settings


def test_any_setting_changes_by_its_path():
    typed = {
        "input.fit": "letterbox",
        "head.pooling": "average",
        "head.units": "256",
        "augmentation.positive_views": "4",
        "augmentation.vertical_flip": "false",
        "augmentation.brightness": "0.5, 1",
        "stages.stage1.learning_rate": "3e-5",
        "stages.stage1.steps_per_epoch": "7",
        "seed": "8",
    }
    changed = REPORT.with_settings(typed)
    assert changed.input == Input(fit="letterbox")
    assert changed.head == Head(pooling="average", units=(256,))
    assert changed.augmentation.positive_views == 4
    assert changed.augmentation.vertical_flip is False
    assert changed.augmentation.brightness == (0.5, 1.0)
    assert changed.stage("stage1").learning_rate == 3e-5
    assert changed.stage("stage2") == REPORT.stage("stage2")
    assert changed.seed == 8
    assert changed.setting("stages.stage1.steps_per_epoch") == 7
    assert set(changed_settings(changed)) == set(typed)
    assert changed_settings(changed)["head.units"] == (256,)
    assert changed_settings(LEAKFREE) == {}
    # Values need not be text, nothing leaves no trace, and "none" takes a limit away.
    assert LEAKFREE.with_settings({"head.units": (256,)}).head.units == (256,)
    assert LEAKFREE.with_settings({"head.units": ""}).head.units == ()
    assert LEAKFREE.with_settings({}) == LEAKFREE
    free = changed.with_settings({"stages.stage1.steps_per_epoch": "none"})
    assert free.stage("stage1").steps_per_epoch is None


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (
            "input.fits",
            "letterbox",
            "input.fit, input.levels, input.upright, input.scaling, but 'input.fits'",
        ),
        (
            "input",
            "letterbox",
            "input.fit, input.levels, input.upright, input.scaling, but 'input'",
        ),
        ("head", "1", "head.pooling, head.layers, head.start, head.units, head.dropout"),
        ("seed.first", "1", "name, title"),
        ("", "1", "name, title"),
        ("stages.stage9.epochs", "1", "stages.baseline.…, stages.stage1.…"),
        ("stages.stage1", "1", "stages.stage1.learning_rate"),
        ("input.fit", "squeeze", "a possible input.fit, but squeeze was given.*'letterbox'"),
        ("head.units", "many", "a possible head.units, but many was given.*integer"),
        ("head.units", "0", "a possible head.units"),
        ("crop.blur", "4", "must be odd"),
        ("seed", "-1", "a possible seed"),
        ("augmentation.brightness", "1, 0.5", "the smaller one first"),
        ("augmentation.brightness", "1", "a possible augmentation.brightness"),
        ("stages.final.unfrozen", "block6", "a possible stages.final.unfrozen.*block5_conv3"),
        ("stages.baseline.unfrozen", "block5", "stage1 must unfreeze more than baseline"),
    ],
)
def test_a_setting_that_is_not_possible_is_refused_with_what_is(path, value, said):
    with pytest.raises(SettingError, match=said):
        LEAKFREE.with_settings({path: value})


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    path=st.lists(
        st.sampled_from(["input", "stages", "fit", "final", "", "epochs"]) | st.text()
    ).map(".".join),
    value=st.text() | st.integers() | st.none(),
)
def test_whatever_is_typed_gives_a_protocol_or_a_word(path, value):
    with contextlib.suppress(SettingError):
        assert isinstance(LEAKFREE.with_settings({path: value}), Protocol)
