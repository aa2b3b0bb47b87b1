"""How a job ends: its last status says what happened, and what to do."""

import errno

import pytest
import tensorflow as tf

from core.errors import DatasetError
from core.training import worker
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
