"""Whose turn it is, and how a job ends: its last status says what happened, and what to do."""

import errno
import subprocess
import sys
import threading
import time

import pytest
import tensorflow as tf

from core.errors import DatasetError
from core.process import began
from core.training import worker
from core.training.reporter import Reporter, Stopped
from core.training.runs import Run, RunStatus
from core.training.workspace import Workspace

FULL = OSError(errno.ENOSPC, "No space left on device", "/somewhere/yes/Jane Doe.png")


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def run(workspace, make_run):
    run = make_run(workspace, "one")
    run.write_status(RunStatus(state="queued", requested=("baseline",)))
    return run


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FULL, "No space left on device"),
        (MemoryError(), "ran out of memory"),
        (tf.errors.ResourceExhaustedError(None, None, "OOM"), "ran out of memory"),
        (DatasetError("a scan", "it is gone", "Put it back."), "Put it back."),
        (KeyError("Jane Doe"), "An unexpected KeyError"),
    ],
    ids=["disk", "memory", "memory of TensorFlow", "ours", "unforeseen"],
)
def test_what_ended_a_job_is_told_in_words(run, workspace, monkeypatch, caplog, error, told):
    def fail(*_):
        raise error

    monkeypatch.setattr(worker, "_train", fail)
    assert worker.work([run], workspace).state == "failed"
    assert told in run.status.message
    assert "Jane Doe" not in run.status.message + caplog.text


def test_a_full_disk_is_told_of_when_there_is_room_again(run, workspace, monkeypatch):
    written, refusals = Run.write_status, iter([FULL, FULL])

    def fail(*_):
        def write(run, status):
            if status.state == "failed" and (refusal := next(refusals, None)):
                raise refusal
            written(run, status)

        monkeypatch.setattr(Run, "write_status", write)
        raise FULL

    monkeypatch.setattr(worker, "PAUSES", (0.01,) * 3)
    monkeypatch.setattr(worker, "_train", fail)
    worker.work([run], workspace)
    assert next(refusals, None) is None
    assert "No space left on device" in run.status.message


@pytest.fixture
def processes():
    """Two that live as long as the test; the first is the older."""
    started = []
    for _ in range(2):
        time.sleep(0.05)  # a system counts the beginning of a process in hundredths of a second
        started.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]))
    yield started
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def queued(workspace, make_run, processes):
    """A run of each process, in the queue; whoever would have to wait is stopped."""
    impatient = threading.Event()
    impatient.set()
    reporters = [Reporter(make_run(workspace, name), impatient) for name in ("b", "a")]
    for reporter, process in zip(reporters, processes, strict=True):
        pid, work = process.pid, ("baseline",)
        reporter.update(state="queued", requested=work, pid=pid, process_started=began(pid))
    return reporters


def test_first_come_is_first_served(workspace, queued):
    older, younger = queued
    with pytest.raises(Stopped):
        worker._turn(workspace, younger)
    with worker._turn(workspace, older):
        older.update(state="running")
        with pytest.raises(Stopped):
            worker._turn(workspace, younger)
    with worker._turn(workspace, younger):
        pass


def test_who_died_while_waiting_is_not_waited_for(workspace, queued, processes):
    processes[0].kill()
    processes[0].wait()
    with worker._turn(workspace, queued[1]):
        pass
