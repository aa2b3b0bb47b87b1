"""The presets say what the report says, and what is not possible is refused."""

from itertools import pairwise

import pytest
from pydantic import ValidationError

from core.config import Crop, Head, Protocol, Stage
from core.errors import SettingError
from core.protocols import LEAKFREE, PROTOCOLS, REPORT, protocol
from core.storage import write_text


def test_a_file_is_parsed_again_only_when_it_was_written_anew(tmp_path):
    file = tmp_path / "crop.json"
    with pytest.raises(FileNotFoundError):
        Crop.of_file(file)
    for threshold in (45, 46):
        write_text(file, Crop(threshold=threshold).model_dump_json())
        assert Crop.of_file(file) == Crop(threshold=threshold)
        assert Crop.of_file(file) is Crop.of_file(file)
    write_text(file, "{")
    with pytest.raises(ValidationError):
        Crop.of_file(file)


def test_report_is_the_report():
    """Sections 2.1 to 2.3 of the report."""
    assert REPORT.input.size == 240
    assert REPORT.input.scaling == "unit"
    assert (REPORT.crop.blur, REPORT.crop.threshold, REPORT.crop.iterations) == (5, 45, 2)
    a = REPORT.augmentation
    assert (a.rotation, a.shift, a.shear, a.brightness) == (10, 0.10, 0.10, (0.3, 1.0))
    assert (a.positive_views, a.negative_views) == (6, 13)
    assert (REPORT.split.validation, REPORT.split.test) == (0.10, 0.10)
    assert (REPORT.head.units, REPORT.head.dropout) == ((1024, 256), 0.3)
    assert (REPORT.training.batch_size, REPORT.training.patience) == (32, 4)
    assert [(s.name, s.learning_rate, s.epochs) for s in REPORT.stages] == [
        ("baseline", 3e-4, 20),
        ("stage1", 1e-4, 10),
        ("stage2", 5e-5, 10),
        ("stage3", 2e-5, 10),
        ("final", 1e-5, 10),
    ]


def test_leakfree_differs_where_the_report_leaks():
    assert LEAKFREE.split.unit == "group"
    assert LEAKFREE.augmentation.applies_to == "training"
    assert LEAKFREE.augmentation.order == "after crop"
    assert LEAKFREE.input.scaling == "imagenet"
    assert [s.unfrozen for s in LEAKFREE.stages] == [s.unfrozen for s in REPORT.stages]
    assert REPORT.caveat
    assert not LEAKFREE.caveat


@pytest.mark.parametrize("preset", PROTOCOLS.values(), ids=PROTOCOLS)
def test_each_stage_unfreezes_more_than_the_one_before(preset):
    layers = [f"block{b}_conv{c}" for b in range(1, 6) for c in range(1, 5)]
    trains = [{layer for layer in layers if stage.unfreezes(layer)} for stage in preset.stages]
    assert all(a < b for a, b in pairwise(trains))
    assert preset.before("baseline") is None
    assert preset.before("stage1").name == "baseline"


@pytest.mark.parametrize("preset", PROTOCOLS.values(), ids=PROTOCOLS)
def test_a_protocol_survives_its_file(preset):
    assert Protocol.model_validate_json(preset.model_dump_json()) == preset


def test_unfreezing_must_grow_or_the_cache_would_lie():
    """A layer that trained and is then frozen again is no longer what the cache saw."""
    shrinking = (
        Stage(name="a", title="A", unfrozen=("block5",), learning_rate=1e-4, epochs=1),
        Stage(name="b", title="B", unfrozen=(), learning_rate=1e-4, epochs=1),
    )
    with pytest.raises(ValidationError, match="more than"):
        Protocol.model_validate(LEAKFREE.model_dump() | {"stages": shrinking})


def test_a_kernel_without_a_middle_is_refused():
    with pytest.raises(ValidationError, match="odd"):
        Crop(blur=4)


def test_one_stage_changes_and_the_others_stay():
    changed = LEAKFREE.with_stage("stage2", epochs=3)
    assert changed.stage("stage2").epochs == 3
    assert changed.stage("stage3") == LEAKFREE.stage("stage3")
    assert LEAKFREE.stage("stage2").epochs == 10


def test_what_is_not_possible_is_refused():
    with pytest.raises(SettingError, match="leakfree"):
        protocol("best")
    with pytest.raises(SettingError, match="baseline"):
        LEAKFREE.stage("stage9")
    with pytest.raises(SettingError, match="learning_rate"):
        LEAKFREE.with_stage("final", learning_rate=-1)
    with pytest.raises(ValidationError):
        LEAKFREE.with_stage("final", learning_rate=1e-4).stages[0].epochs = 3


@pytest.mark.parametrize("layers", [("block4_pool",), ("block5_conv4", "block4_pool"), ()])
def test_a_head_looks_at_the_end_of_vgg19_in_any_case(layers):
    with pytest.raises(ValueError, match=r"block5_pool|at least 1"):
        Head(layers=layers)
    with pytest.raises(ValueError, match="once"):
        Head(layers=("block5_pool", "block5_pool"))
