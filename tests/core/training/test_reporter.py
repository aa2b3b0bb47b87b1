"""How fast a job says it is, and how long it says it will take."""

import threading
from types import SimpleNamespace

import pytest
from made_run import pictures

from core.model.architecture import forward_operations, training_operations
from core.training import reporter
from core.training.folders import RunData
from core.training.hardware import epoch_operations
from core.training.reporter import Pace, Reporter
from core.training.runs import COMPUTING_PREFIX, RunStatus
from core.training.workspace import Workspace
from tests.core.training.conftest import TINY

PROTOCOL = TINY.with_stage("baseline", epochs=2).with_stage("stage1", epochs=2)
DATA = RunData(
    root="scans", negative="no", positive="yes", already_split=False, already_cropped=False
)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that the test sets."""
    clock = SimpleNamespace(now=100.0, time=lambda: 0.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(reporter, "time", clock)
    return clock


@pytest.fixture
def begin(tmp_path):
    """`begin(stage, *later)` begins one of the stages that a run was asked for."""
    run = Workspace(tmp_path).create(PROTOCOL, DATA, split=pictures(), name="one")

    def begin(*stages):
        run.write_status(RunStatus(state="queued", requested=stages))
        found = Reporter(run, threading.Event())
        found.begin(PROTOCOL.stage(stages[0]))
        return found

    return begin


def train(reporter, clock, steps, seconds=2.0):
    """Train so many steps of ten."""
    for step in steps:
        clock.now += seconds
        reporter.on_batch_end(1, step, 10, 8)


def test_pace_and_time_left_follow_from_the_steps_so_far(begin, clock):
    reporter = begin("stage1")
    train(reporter, clock, (1, 2, 3))
    status = reporter.run.recorded_status
    assert (status.activity, status.step, status.steps) == ("Training", 3, 10)
    assert status.pictures_per_second == pytest.approx(4)
    assert status.stage_seconds_left == pytest.approx(2 * 7 + 2 * 10)
    assert status.run_seconds_left == pytest.approx(34)


def test_the_first_step_says_nothing_of_the_pace(begin, clock):
    reporter = begin("stage1")
    train(reporter, clock, (1,), seconds=30)
    assert reporter.run.recorded_status.pictures_per_second is None
    train(reporter, clock, (2, 3))
    assert reporter.run.recorded_status.pictures_per_second == pytest.approx(4)


def test_the_pace_is_that_of_the_last_steps(clock):
    pace = Pace()
    for seconds in [9.0] * 30 + [2.0] * 20:
        clock.now += seconds
        pace.count(8)
    assert pace.seconds_per_step == pytest.approx(2)
    assert pace.pictures_per_second == pytest.approx(4)


def test_stages_to_come_are_reckoned_by_their_arithmetic(begin, clock):
    reporter = begin("stage1", "stage2", "stage3")
    train(reporter, clock, (1, 2, 3))
    train_size = int((pictures()["split"] == "train").sum())
    operations = sum(
        epoch_operations(PROTOCOL, stage, train_size) * stage.epochs
        for stage in map(PROTOCOL.stage, ("stage2", "stage3"))
    )
    later = operations / (4 * training_operations(PROTOCOL, PROTOCOL.stage("stage1")))
    assert reporter.run.recorded_status.run_seconds_left == pytest.approx(34 + later)


def test_the_head_alone_says_nothing_of_stages_to_come_but_the_frozen_layers_do(begin, clock):
    reporter = begin("baseline", "stage1")
    train(reporter, clock, (1, 2, 3))
    assert reporter.run.recorded_status.stage_seconds_left == pytest.approx(34)
    assert reporter.run.recorded_status.run_seconds_left is None
    for done in (50, 100):
        clock.now += 10
        reporter.progress(COMPUTING_PREFIX, done, 480)
    train(reporter, clock, (4,))
    train_size = int((pictures()["split"] == "train").sum())
    stage = PROTOCOL.stage("stage1")
    operations = epoch_operations(PROTOCOL, stage, train_size) * stage.epochs
    later = operations / (5 * forward_operations(32))
    status = reporter.run.recorded_status
    assert status.run_seconds_left == pytest.approx(status.stage_seconds_left + later)


def test_it_is_written_once_a_second(begin, clock):
    reporter = begin("stage1")
    train(reporter, clock, (1,))
    train(reporter, clock, (2, 3, 4), seconds=0.3)
    assert reporter.run.recorded_status.step == 1
    train(reporter, clock, (5,), seconds=0.3)
    assert reporter.run.recorded_status.step == 5
