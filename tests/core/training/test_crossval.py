"""Cross-validations as they are: one process, killed, stopped, resumed and queued."""

import os
import signal
import time

import numpy as np
import pandas as pd
import pytest
from waiting import until

from core.errors import RunError, SettingError
from core.model.stages import average_of
from core.model.typicality import LAYER as TYPICAL
from core.training import jobs
from core.training.crossval import POOLED_COLUMNS
from core.training.runs import COMPUTING_PREFIX
from core.training.workspace import Workspace
from tests.core.training.conftest import slow

FIGURES = ["loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate"]


def end_of(job):
    status = jobs.wait(job, 600)
    assert not status.active, status
    return status


def log_of(crossval):
    return (crossval.path / "log.txt").read_text()


@pytest.fixture(scope="module")
def finished(tmp_path_factory, make_crossval):
    """Two folds of two stages, uninterrupted; and all activities that were seen meanwhile."""
    crossval = make_crossval(Workspace(tmp_path_factory.mktemp("finished")), "whole")
    jobs.start_crossval(crossval, ["baseline", "stage1"])
    seen = set()
    while (status := crossval.status).active:
        if status.current:
            seen.add((status.at_work, status.current.activity))
        time.sleep(0.02)
    assert status.state == "finished", log_of(crossval)
    return crossval, seen


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


def test_every_scan_is_predicted_once_by_the_fold_that_held_it_out(finished):
    crossval, _ = finished
    assert crossval.finished_stages() == ["baseline", "stage1"]
    status = crossval.status
    assert (status.folds, status.finished, status.at_work) == (2, 2, None)
    pooled = crossval.predictions("stage1")
    assert list(pooled.columns) == POOLED_COLUMNS
    assert len(pooled) == pooled["file"].nunique() == 60
    assert set(pooled["seed"]) == {7}
    assert (pooled["view"] == 0).all()
    for run in crossval.runs():
        fold = int(run.name[-1])
        ours = pooled[pooled["fold"] == fold].set_index("file")["probability"]
        split = run.split().query("view == 0").set_index("file")["split"]
        assert (split[ours.index] == "test").all()
        theirs = run.predictions("stage1").query("split == 'test'").set_index("file")
        pd.testing.assert_series_equal(ours, theirs["probability"][ours.index])


def test_views_that_a_fold_does_not_use_are_never_predicted(finished):
    for run in finished[0].runs():
        split = run.split()
        unused = split["split"] == ""
        assert unused.any()
        assert (split.loc[unused, "view"] > 0).all()
        predictions = run.predictions("baseline")
        assert len(predictions) == (~unused).sum()
        assert set(predictions["split"]) == {"train", "validation", "test"}
        assert {"train", "validation", "test"} <= run.metrics("baseline").keys()


def test_the_second_fold_computes_nothing_anew(finished):
    crossval, seen = finished
    assert ("s7-f1", COMPUTING_PREFIX) in seen
    assert ("s7-f2", "Training") in seen
    assert ("s7-f2", COMPUTING_PREFIX) not in seen
    # One entry for each cut and for what is typical, and none of another fold's.
    cuts = {"block5_pool", "block5_conv2", "block4_pool", "block3_pool", average_of(TYPICAL)}
    assert len(list(Workspace(crossval.path.parents[1]).cache.glob("*"))) == len(cuts)


def test_a_fold_keeps_only_the_model_that_a_next_stage_would_start_from(finished):
    for run in finished[0].runs():
        assert run.model_path("stage1").is_file()
        assert not run.model_path("baseline").is_file()
        started_from = run.metrics("stage1")["started_from"]
        assert started_from == run.metrics("baseline")["model_sha256"]


def test_killed_at_any_moment_it_resumes_to_the_same_history(workspace, make_crossval, finished):
    crossval = make_crossval(workspace, "killed")
    first, second = crossval.runs()
    jobs.start_crossval(crossval, ["baseline"])
    kills = [
        lambda: len(first.history()) >= 2,
        lambda: len(second.history()) >= 1,
    ]
    killed = 0
    for moment in kills:
        slow(second)  # any moment from then on will do on a busy machine
        until(lambda moment=moment: moment() or not crossval.status.active)
        if crossval.status.active:
            os.kill(second.recorded_status.pid, signal.SIGKILL)
            until(lambda: crossval.status.state == "interrupted")
            jobs.resume(crossval)
            killed += 1
    assert killed, log_of(crossval)
    assert end_of(crossval).state == "finished", log_of(crossval)
    for ours, theirs in zip(crossval.runs(), finished[0].runs(), strict=True):
        assert ours.name == theirs.name
        expected = theirs.history().query("stage == 'baseline'")
        assert list(ours.history()["best"]) == list(expected["best"])
        np.testing.assert_allclose(ours.history()[FIGURES], expected[FIGURES], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        crossval.predictions("baseline")["probability"],
        finished[0].predictions("baseline")["probability"],
        atol=1e-3,
    )


def test_one_stop_is_for_all_folds_and_runs_wait_for_all_of_them(
    workspace, make_crossval, make_run
):
    crossval = make_crossval(workspace, "stopped")
    jobs.start_crossval(crossval, ["baseline"])
    first, second = crossval.runs()
    slow(first)
    until(lambda: len(first.history()) >= 1 or not crossval.status.active)
    assert second.status.state == "queued"
    with pytest.raises(RunError, match="is running"):
        jobs.start_crossval(crossval)
    jobs.stop(crossval)
    assert end_of(crossval).state == "stopped"
    assert [run.status.state for run in crossval.runs()] == ["stopped", "stopped"]
    assert crossval.finished_stages() == []
    assert not any(run.stop_request.exists() for run in crossval.runs())

    jobs.resume(crossval)
    slow(first)
    until(lambda: first.recorded_status.state == "running")
    run = make_run(workspace, "behind")
    jobs.start(run, ["baseline"])
    together = set()
    while crossval.status.active or run.status.active:
        together.add((crossval.status.state, run.recorded_status.state))
        time.sleep(0.05)
    assert ("running", "queued") in together
    assert ("running", "running") not in together
    assert (crossval.status.state, run.status.state) == ("finished", "finished")
    with pytest.raises(RunError, match="nothing left"):
        jobs.resume(crossval)
    with pytest.raises(RunError, match="finished it in every fold"):
        jobs.start_crossval(crossval, ["baseline"])


def test_a_workspace_knows_its_cross_validations_and_keeps_them_apart(workspace, make_crossval):
    one = make_crossval(workspace, "one", seeds=(8, 7))
    assert [run.name for run in one.runs()] == ["s7-f1", "s7-f2", "s8-f1", "s8-f2"]
    assert [run.protocol.seed for run in one.runs()] == [7, 7, 8, 8]
    assert one.config.seeds == (7, 8)
    assert one.status.state == "new"
    assert [found.name for found in workspace.crossvals()] == ["one"]
    assert workspace.crossval("one").config == one.config
    assert workspace.runs() == []
    with pytest.raises(RunError, match=r"name of a cross-validation.*\(one\)"):
        workspace.crossval("two")
    with pytest.raises(SettingError, match="a cross-validation called 'one' exists"):
        make_crossval(workspace, "one")
    with pytest.raises(SettingError, match="a cross-validation called 'one' exists"):
        workspace.create(one.protocol, one.config.data, name="one")
    with pytest.raises(SettingError, match="seeds that differ"):
        make_crossval(workspace, "twice", seeds=(7, 7))
    with pytest.raises(RunError, match="finished in every fold"):
        one.predictions("baseline")
    one.delete()
    assert workspace.crossvals() == []


def test_a_damaged_record_is_said_and_stops_nobody_else(workspace, make_crossval, make_run):
    broken = make_crossval(workspace, "broken")
    (broken.path / "crossval.json").write_text("{")
    with pytest.raises(RunError, match=r"readable crossval\.json"):
        _ = workspace.crossval("broken").config
    assert len(broken.runs()) == 2
    run = make_run(workspace, "sound")
    jobs.start(run, ["baseline"])
    assert end_of(run).state == "finished"
