"""What there is to train with, and how long it will take."""

from pathlib import Path

import pytest
from made_run import make_run

from core.model.architecture import forward_operations, training_operations
from core.protocols import LEAKFREE
from core.training.hardware import expected_seconds, hardware, measured_pace, pace_of


def test_this_computer_is_described_without_the_folder_being_there(tmp_path: Path):
    found = hardware(tmp_path / "not" / "yet")
    assert found.cores >= 1
    assert 0 < found.memory_free <= found.memory
    assert found.disk_free > 0
    assert found.processor


def test_expected_time_follows_the_arithmetic():
    baseline = LEAKFREE.stage("baseline")
    size = LEAKFREE.input.size
    alone = expected_seconds(LEAKFREE, [baseline], train=64, pictures=80, pace=1e9)
    trained = baseline.epochs * 64 * training_operations(LEAKFREE, baseline)
    wanted = 80 * forward_operations(size) + trained
    assert alone == pytest.approx(wanted / 1e9)


def test_steps_an_epoch_shorten_it():
    def seconds(steps: int | None) -> float:
        protocol = LEAKFREE.with_stage("final", steps_per_epoch=steps)
        return expected_seconds(protocol, [protocol.stage("final")], 3200, 0, 1e9)

    assert seconds(10) == pytest.approx(seconds(None) / 10)
    assert seconds(1000) == seconds(None)


def test_a_head_that_trained_alone_tells_no_pace(tmp_path: Path):
    run = make_run(tmp_path, [1.0])
    assert list(run.history()["stage"].unique()) == ["baseline"]
    assert pace_of([run]) is None


def test_the_pace_is_that_of_a_run_or_measured(tmp_path: Path):
    assert pace_of([]) is None
    found = pace_of([make_run(tmp_path, [1, 2])])
    assert found is not None
    assert found > 0
    assert measured_pace() > 1e6


def test_a_run_that_cannot_be_read_tells_no_pace(tmp_path: Path):
    damaged, sound = make_run(tmp_path / "damaged", [1, 2]), make_run(tmp_path / "sound", [1, 2])
    (damaged.path / "config.json").write_text("{")
    assert pace_of([damaged]) is None
    assert pace_of([damaged, sound]) == pace_of([sound])


def test_a_run_that_cannot_be_read_tells_no_pace_and_stops_nobody(tmp_path: Path):
    sound, damaged = make_run(tmp_path / "a", [1, 2]), make_run(tmp_path / "b", [1, 2])
    (damaged.path / "split.csv").write_text("no,table\n")
    assert pace_of([damaged, sound]) == pace_of([sound])
