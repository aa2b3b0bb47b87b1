"""Jobs as they are: real processes that are killed, stopped, resumed, queued and repeated."""

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from waiting import until

from core.errors import RunError, SettingError, WeightsError
from core.model.vgg19 import build_model
from core.model.weights import URL, Weights, keras_cache
from core.training import jobs
from core.training.baselines import BASELINES
from core.training.runs import Run
from core.training.workspace import Workspace
from tests.core.training.conftest import TINY, slow

FIGURES = ["loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate"]


def end_of(run):
    status = jobs.wait(run, 240)
    assert status.state in ("finished", "stopped", "failed", "interrupted"), status
    return status


def same_history(run, other, stages=None):
    ours, theirs = run.history(), other.history()
    if stages:
        theirs = theirs[theirs["stage"].isin(stages)]
    assert list(ours["stage"]) == list(theirs["stage"])
    assert list(ours["epoch"]) == list(theirs["epoch"])
    assert list(ours["best"]) == list(theirs["best"])
    np.testing.assert_allclose(ours[FIGURES], theirs[FIGURES], rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, make_run):
    """A run with two stages done, uninterrupted."""
    run = make_run(Workspace(tmp_path_factory.mktemp("finished")), "whole")
    jobs.start(run, ["baseline", "stage1"])
    assert end_of(run).state == "finished", (run.path / "log.txt").read_text()
    return run


@pytest.fixture
def new_run(tmp_path, make_run):
    """`new_run(name)` makes a run in a workspace of the test's own."""
    workspace = Workspace(tmp_path / "workspace")
    return lambda name: make_run(workspace, name)


@pytest.fixture
def stopped(new_run):
    """A run whose first stage was stopped after an epoch."""
    run = new_run("stopped")
    jobs.start(run, ["baseline"])
    slow(run)
    until(lambda: len(run.history()) >= 1 or not run.status.active)
    jobs.stop(run)
    assert end_of(run).state == "stopped"
    return run


def test_a_finished_run_leaves_everything_that_others_read(finished):
    assert finished.finished_stages() == ["baseline", "stage1"]
    split = finished.split()
    assert set(split["crop"]) <= {"brain"} | {c for c in split["crop"] if c.startswith("whole: ")}
    assert set(split.loc[split["view"] > 0, "split"]) == {"train"}
    assert finished.config.weights.source == "random"
    assert set(finished.config.versions) >= {"python", "keras", "tensorflow", "numpy"}
    for stage in finished.finished_stages():
        predictions = finished.predictions(stage)
        assert list(predictions["file"]) == list(split["file"])
        assert predictions["probability"].between(0, 1).all()
        metrics = finished.metrics(stage)
        test = predictions[predictions["split"] == "test"]
        right = (test["probability"] >= 0.5) == (test["label"] == "yes")
        assert metrics["test"]["accuracy"] == pytest.approx(right.mean())
        (tn, fp), (fn, tp) = metrics["test"]["confusion"]
        assert tn + fp + fn + tp == len(test)
        assert (tn + tp) / len(test) == pytest.approx(right.mean())
        assert not (finished.stage_path(stage) / "checkpoint.npz").exists()
    started_from = finished.metrics("stage1")["started_from"]
    assert started_from == finished.metrics("baseline")["model_sha256"]
    left = [p.name for p in finished.path.rglob("*") if p.name.startswith(".writing-")]
    assert left == []


def test_baselines_predict_what_the_stages_predict(finished):
    stage = finished.predictions("baseline").query("split != 'train'").reset_index(drop=True)
    for baseline in BASELINES:
        rows = finished.baseline_predictions(baseline.name)
        pd.testing.assert_frame_equal(
            rows.drop(columns="probability"), stage.drop(columns="probability")
        )
        assert rows["probability"].between(0, 1).all()


def test_validation_loss_of_the_best_epoch_is_that_of_the_saved_model(finished):
    """History and predictions come from different moments; they must tell the same."""
    for stage in finished.finished_stages():
        history = finished.history()
        best = history[(history["stage"] == stage) & (history["best"] == 1)]
        assert len(best) == 1
        loss = finished.metrics(stage)["validation"]["loss"]
        assert best["validation_loss"].item() == pytest.approx(loss, rel=1e-3)
        assert best["epoch"].item() == finished.metrics(stage)["best_epoch"]


def test_killed_at_any_moment_it_resumes_to_the_same_history(new_run, finished):
    run = new_run("killed")
    jobs.start(run, ["baseline", "stage1"])
    kills = [
        lambda: run.recorded_status.activity.startswith("Computing"),
        lambda: len(run.history()) == 1,
        lambda: len(run.history()) >= 2 and run.recorded_status.step > 1,
        lambda: run.recorded_status.stage == "stage1" and len(run.history()) >= 4,
    ]
    killed = 0
    for moment in kills:
        slow(run)  # any moment from then on will do on a busy machine
        until(lambda moment=moment: moment() or not run.status.active)
        if run.status.active:
            os.kill(run.recorded_status.pid, signal.SIGKILL)
            until(lambda: run.status.state == "interrupted")
            jobs.resume(run)
            killed += 1
    assert killed, (run.path / "log.txt").read_text()
    assert end_of(run).state == "finished", (run.path / "log.txt").read_text()
    same_history(run, finished)
    for stage in ("baseline", "stage1"):
        ours, theirs = run.predictions(stage), finished.predictions(stage)
        np.testing.assert_allclose(ours["probability"], theirs["probability"], atol=1e-3)


def test_a_stop_comes_at_the_next_batch_and_a_resume_finishes(stopped, finished):
    run = stopped
    assert run.finished_stages() == []
    with pytest.raises(RunError, match="is stopped"):
        jobs.stop(run)
    jobs.resume(run)
    assert end_of(run).state == "finished"
    same_history(run, finished, ["baseline"])
    with pytest.raises(RunError, match="nothing left"):
        jobs.resume(run)


def test_what_is_not_finished_is_trained_from_where_it_was_stopped(stopped):
    """Whatever was asked for when it stopped."""
    for stage in ("stage2", "stage3", "final"):
        jobs.change_stage(stopped, stage, epochs=1)
    jobs.start(stopped)
    assert end_of(stopped).state == "finished"
    assert stopped.finished_stages() == [stage.name for stage in stopped.protocol.stages]
    assert not list(stopped.path.glob("archive/*"))
    assert "going on after epoch" in (stopped.path / "log.txt").read_text()
    with pytest.raises(RunError, match="all stages"):
        jobs.start(stopped)


def test_one_trains_and_the_other_waits_its_turn(new_run):
    first, second = new_run("first"), new_run("second")
    jobs.start(first, ["baseline"])
    slow(first)
    until(lambda: first.recorded_status.state == "running")
    jobs.start(second, ["baseline"])
    together = []
    while first.status.active or second.status.active:
        together.append((first.recorded_status.state, second.recorded_status.state))
        time.sleep(0.1)
    assert ("running", "queued") in together
    assert ("running", "running") not in together
    assert first.status.state == second.status.state == "finished"
    same_history(first, second)


def test_a_later_stage_repeats_with_other_settings_and_leaves_the_earlier_alone(new_run):
    run = new_run("repeated")
    jobs.start(run, ["baseline", "stage1"])
    assert end_of(run).state == "finished"
    before, model = run.metrics("baseline"), run.model_path("baseline").stat().st_mtime_ns
    jobs.change_stage(run, "stage1", learning_rate=1e-5, epochs=1)
    jobs.start(run, ["stage1"])
    assert end_of(run).state == "finished"
    assert run.metrics("baseline") == before
    assert run.model_path("baseline").stat().st_mtime_ns == model
    rows = run.history()
    assert list(rows.loc[rows["stage"] == "stage1", "learning_rate"]) == pytest.approx([1e-5])
    archived = list((run.path / "archive").glob("stage1-*"))
    assert len(archived) == 1
    assert (archived[0] / "model.keras").is_file()
    assert len(pd.read_csv(archived[0] / "history.csv")) == 3


def test_what_cannot_be_started_is_refused_in_words(new_run):
    run = new_run("refused")
    with pytest.raises(RunError, match="Baseline to be trained before Stage 1"):
        jobs.start(run, ["stage1"])
    with pytest.raises(SettingError, match="'stage9'"):
        jobs.start(run, ["stage9"])
    with pytest.raises(RunError, match="nothing left"):
        jobs.resume(run)


def test_two_starts_at_once_make_one_process(new_run):
    run = new_run("twice")
    outcomes = []

    def start():
        try:
            jobs.start(run, ["baseline"])
            outcomes.append("started")
        except RunError:
            outcomes.append("refused")

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs.stop(run)
    end_of(run)
    assert sorted(outcomes) == ["refused", "started"]


def test_where_no_process_can_be_started_the_run_does_not_wait_for_ever(new_run, monkeypatch):
    run = new_run("refused")

    def refuse(*_, **__):
        raise OSError(12, "Cannot allocate memory")

    with monkeypatch.context() as context:
        context.setattr(subprocess, "Popen", refuse)
        with pytest.raises(RunError, match="Cannot allocate memory"):
            jobs.start(run, ["baseline"])
    assert run.status.state == "interrupted"
    jobs.resume(run)
    jobs.stop(run)
    assert end_of(run).state == "stopped"


def test_a_run_trains_where_it_is_also_by_a_relative_path(tmp_path, make_run, monkeypatch):
    """The process has another working directory than the one that starts it."""
    monkeypatch.chdir(tmp_path)
    run = make_run(Workspace(Path("here")), "near")
    jobs.start(run, ["baseline"])
    assert end_of(run).state == "finished", (run.path / "log.txt").read_text()
    assert (tmp_path / "here" / "runs" / "near" / "split.csv").is_file()


def test_a_head_goes_on_only_with_the_vgg19_that_it_began_on(stopped, tmp_path, monkeypatch):
    begun = stopped.config.weights
    assert begun.source == "random"
    other = tmp_path / "other.weights.h5"
    build_model(TINY, Weights("random")).save_weights(other)
    monkeypatch.setenv("VGG19_WEIGHTS", str(other))
    jobs.resume(stopped)
    status = end_of(stopped)
    assert status.state == "failed"
    assert "'stopped' has begun with, random values" in status.message
    assert stopped.config.weights == begun
    monkeypatch.delenv("VGG19_WEIGHTS")
    # By now a download would be at hand; it began on random values and goes on with them.
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    cached = keras_cache() / URL.rsplit("/", 1)[-1]
    cached.parent.mkdir(parents=True)
    other.rename(cached)
    jobs.resume(stopped)
    assert end_of(stopped).state == "finished"
    assert stopped.config.weights == begun


def test_a_loss_that_is_no_number_says_what_to_do(new_run):
    run = new_run("diverged")
    jobs.change_stage(run, "baseline", learning_rate=1e30)
    jobs.start(run, ["baseline"])
    status = end_of(run)
    assert status.state == "failed"
    assert "at a lower rate" in status.message
    jobs.change_stage(run, "baseline", learning_rate=1e-4, epochs=1)
    jobs.start(run, ["baseline"])
    assert end_of(run).state == "finished"


def test_a_scan_that_went_missing_fails_the_job_in_words(new_run, scans):
    run = new_run("missing")
    victim = scans / "yes" / "0.png"
    kept = victim.read_bytes()
    victim.unlink()
    try:
        jobs.start(run, ["baseline"])
        status = end_of(run)
    finally:
        victim.write_bytes(kept)
    assert status.state == "failed"
    assert "yes/0.png" in status.message
    assert "0.png" not in (run.path / "log.txt").read_text()
    jobs.resume(run)
    assert end_of(run).state == "finished"


def test_a_stage_with_a_damaged_checkpoint_begins_anew(stopped, finished):
    run = stopped
    (run.stage_path("baseline") / "checkpoint.npz").write_bytes(b"")
    jobs.resume(run)
    assert end_of(run).state == "finished"
    same_history(run, finished, ["baseline"])
    assert "begins anew" in (run.path / "log.txt").read_text()


@pytest.mark.parametrize("how", ["named", "by the environment"])
def test_a_run_is_not_made_with_weights_that_are_not_there(make_run, tmp_path, monkeypatch, how):
    workspace, absent = Workspace(tmp_path / "workspace"), tmp_path / "absent.h5"
    if how == "by the environment":
        monkeypatch.setenv("VGG19_WEIGHTS", str(absent))
    with pytest.raises(WeightsError, match="there is no file"):
        make_run(workspace, "one", weights_path=absent if how == "named" else None)
    assert workspace.runs() == []


def test_weights_named_by_a_relative_path_are_found_by_the_job(new_run, tmp_path, monkeypatch):
    run = new_run("relative")
    (tmp_path / "mine.h5").write_bytes(b"no weights")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VGG19_WEIGHTS", "mine.h5")
    jobs.start(run, ["baseline"])
    status = end_of(run)
    assert status.state == "failed"
    assert "mine.h5" in status.message
    assert "there is no file" not in status.message


def test_a_dead_process_is_not_taken_for_a_living_one(new_run):
    run = new_run("dead")
    status = run.recorded_status.model_copy(
        update={
            "state": "running",
            "requested": ("baseline",),
            "pid": os.getpid(),
            "process_started": 12345.0,
        }
    )
    run.write_status(status)
    assert run.status.state == "interrupted"
    assert Run(run.path).recorded_status.state == "running"
    # It died after its last stage, before it could say so.
    run.write_status(status.model_copy(update={"requested": ()}))
    assert run.status.state == "finished"


def test_a_damaged_status_file_hides_nothing(new_run):
    run = new_run("damaged")
    (run.path / "status.json").write_text('{"state": "runn')
    assert run.status.state == "interrupted"
    assert json.loads((run.path / "config.json").read_text())["name"] == "damaged"
