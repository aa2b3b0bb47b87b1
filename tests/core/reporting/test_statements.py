"""Sentences that follow from a protocol."""

import pytest

from core.config import Augmentation, Head
from core.protocols import LEAKFREE, REPORT
from core.reporting.statements import augmentation, classifier, preprocessing


def test_each_protocol_says_what_its_head_looks_at():
    assert classifier(REPORT.head) == (
        "all values of block5_pool, dense layers of 1024, 256 with dropout 0.3 after the first, "
        "softmax over two classes"
    )
    assert classifier(LEAKFREE.head) == (
        "the average and the largest value of each channel, and how much it differs from its "
        "mirror image, of block3_pool, block4_pool, block5_pool, softmax over two classes"
    )


def test_a_head_without_dropout_names_none():
    assert "dropout" not in classifier(Head(pooling="average", units=(8,), dropout=0))


@pytest.mark.parametrize("upright", [True, False])
def test_it_is_said_whether_heads_are_put_upright(upright):
    protocol = LEAKFREE.with_settings({"input.upright": upright})
    assert ("turned so that" in preprocessing(protocol, cropped=False)) == upright


def test_views_are_told_with_what_changes_in_them():
    words = augmentation(LEAKFREE.augmentation, "yes", "no")
    assert words.startswith("In the training part: 2 views of each yes scan and 2 of each no scan")
    assert "gamma up to 1.4 either way" in words
    assert "gamma" not in augmentation(REPORT.augmentation, "yes", "no")


@pytest.mark.parametrize(
    "name", [name for name in Augmentation.model_fields if name not in ("order", "seed")]
)
def test_no_kind_of_view_is_left_unsaid(name):
    settings = LEAKFREE.augmentation
    other = {
        bool: lambda value: not value,
        tuple: lambda value: (value[0] / 2, value[1]),
        str: lambda _: "everything",
    }.get(type(getattr(settings, name)), lambda value: value * 2 if value > 0 else 0.25)
    changed = settings.model_copy(update={name: other(getattr(settings, name))})
    assert augmentation(changed, "yes", "no") != augmentation(settings, "yes", "no")
