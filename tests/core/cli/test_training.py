"""`train`, `status`, `stop`, `resume`: real processes, a real network."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest
from shell import ROOT, SMALL, here, shell
from waiting import until

from core.data.patients import Patients
from core.training import jobs
from core.training.workspace import Workspace


def test_train_stays_until_the_end_and_tells_each_epoch(trained):
    workspace, said = trained
    end = json.loads(said.stdout)
    assert (end["state"], end["finished"]) == ("finished", ["baseline", "stage1"])
    assert end["weights"] == "random"
    assert "random values" in said.stderr
    assert "1 file cannot be read" in said.stderr
    assert [line.split()[0] for line in said.stderr.splitlines() if "validation loss" in line] == [
        "Baseline",
        "Stage",
    ]
    config = Workspace(workspace).run("one").config
    assert config.protocol.name == "report"
    assert config.protocol.input.size == 32
    assert [s.epochs for s in config.protocol.stages] == [1, 1, 10, 10, 10]


def test_a_leaky_split_trains_only_when_that_is_accepted(ask, leaky, tmp_path):
    words = ["train", leaky, "--run", "leaky", "--workspace", tmp_path / "workspace", *SMALL]
    code, out, err = ask(*words)
    assert (code, out) == (2, "")
    assert "one of the labels must be wrong" in err
    assert "test pictures" in err
    assert "--accept-leak" in err
    where = Workspace(tmp_path / "workspace")
    assert where.runs() == []
    words += ["--stages", "baseline", "--patient-pattern", r"(p1)"]
    code, out, err = ask(*words, "--accept-leak")
    assert code == 0, err
    assert "Leaky: " in err
    assert "Leaky: " in out
    run = where.run("leaky")
    assert run.config.data.patients == Patients(pattern="(p1)")
    found = json.loads(ask("compare", "leaky", *here(run), "--json")[1])
    assert found["leakage"]["test"] > 0
    assert found["mark"].startswith("Leaky: ")
    assert found["mark"] in ask("compare", "leaky", *here(run), "--markdown")[1]
    assert json.loads(ask("evaluate", "leaky", *here(run), "--json")[1])["mark"] == found["mark"]
    scan = leaky / "test" / "no" / "no0.png"
    answered = json.loads(ask("predict", "leaky", scan, *here(run), "--json")[1])
    assert answered["mark"] == found["mark"]
    code, _, err = ask("train", leaky, "--run", "leaky", *here(run), "--patient-pattern", "(p)")
    assert code == 2
    assert "--patient-pattern to stay (p1)" in err


def test_status_of_one_and_of_all(ask, run):
    code, out, err = ask("status", "one", *here(run), "--json")
    one = json.loads(out)
    assert (code, err) == (0, "")
    assert one["run"] == "one"
    assert one["state"] == "finished"
    _, out, _ = ask("status", *here(run), "--json")
    assert json.loads(out) == {
        "workspace": str(run.path.parent.parent),
        "runs": [one],
        "crossvals": [],
    }
    _, out, _ = ask("status", *here(run))
    assert "baseline, stage1" in out


def test_status_lists_a_damaged_run_beside_the_others(ask, run):
    broken = run.path.parent / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{")
    _, out, _ = ask("status", *here(run), "--json")
    states = {found["run"]: found["state"] for found in json.loads(out)["runs"]}
    assert states == {"one": "finished", "broken": "damaged"}


def test_a_stage_is_repeated_with_other_settings(run, scans):
    before = run.metrics("baseline")["model_sha256"]
    words = ["train", scans, "--run", "one", "--stages", "stage1", "--epochs", "2"]
    said = shell(*words, "--learning-rate", "0.001", *here(run))
    assert said.returncode == 0, said.stderr
    assert "Stage 1" in said.stdout
    assert run.metrics("baseline")["model_sha256"] == before
    assert run.metrics("stage1")["stage"]["epochs"] == 2
    assert run.metrics("stage1")["stage"]["learning_rate"] == 0.001
    assert list(run.history()["stage"]) == ["baseline", "stage1", "stage1"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--protocol", "leakfree"], "--protocol to stay report"),
        (["--size", "64"], "--size to stay 32"),
        (["--positive", "no"], "--positive to stay yes"),
        (["--no-cache"], "--cache to stay True"),
    ],
)
def test_a_run_that_is_there_keeps_what_it_was_made_with(ask, run, scans, words, told):
    code, _, err = ask("train", scans, "--run", "one", *here(run), *words)
    assert code == 2
    assert told in err


def test_a_run_that_is_there_keeps_its_folder(ask, run, class_folders):
    code, _, err = ask("train", class_folders, "--run", "one", *here(run))
    assert code == 2
    assert "the folder to stay" in err


def test_ctrl_c_leaves_training_at_work_until_it_is_stopped(ask, run, scans):
    workspace = Workspace(run.path.parent.parent)
    # However slow the machine: neither early stopping nor the last epoch ends it first.
    endless = run.protocol.with_settings({"training.patience": 100000})
    run.write_config(run.config.model_copy(update={"protocol": endless}))
    words = ["train", scans, "--run", "one", "--stages", "stage1", "--epochs", "100000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *map(str, [*words, *here(run)])],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until(lambda: process.poll() is not None or run.status.epoch > 2)
        err = ""
        for _ in range(6):  # and again, as a person would, where a busy machine swallows one
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            with suppress(subprocess.TimeoutExpired):
                _, err = process.communicate(timeout=30)
                break
        assert process.returncode == 130
        assert "goes on without this shell" in err
        assert f"python -m core stop one --workspace {workspace.path}" in err
        assert "Traceback" not in err
        assert run.status.active

        code, out, err = ask("stop", "one", *here(run), "--json")
        assert (code, err) == (0, "")
        assert json.loads(out)["state"] == "stopped"
        assert json.loads(out)["requested"] == ["stage1"]

        epochs = len(run.history())
        code, out, err = ask("resume", "one", *here(run), "--detach", "--json")
        assert code == 0
        assert json.loads(out)["state"] in ("queued", "running")
        assert "python -m core status one" in err
        until(lambda: len(run.history()) > epochs)
        code, _, err = ask("train", scans, "--run", "one", *here(run))
        assert code == 2
        assert "Stop it first" in err
    finally:
        if run.status.active:
            jobs.stop(run)
        assert not jobs.wait(run, 120).active


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("train /nowhere/at/all", "does not exist"),
        ("train {scans} --protocol other", "'other' was given"),
        ("train {scans} --stages stage9", "'stage9' was given"),
        ("train {scans} --stages stage1", "Add baseline to the stages"),
        ("train {scans} --stages ,", "no stage was named"),
        ("train {scans} --size 16", "--size"),
        ("train {scans} --epochs many", "--epochs"),
        ("train {scans} --precision float8", "--precision"),
        ("train {scans} --run ../up", "'../up' was given"),
        ("train {scans} --patients x --patient-pattern (x)", "both were given"),
        ("train {scans} --patient-pattern (patient)", "fits none of 28"),
        ("train {scans} --weights /nowhere.h5", "there is no file /nowhere.h5"),
        ("train {scans} --workspace {file}", "{file}"),
        ("train {scans} --set input.fit", "PATH=VALUE"),
        ("train {scans} --set input.fits=letterbox", "input.size, input.fit"),
        ("train {scans} --set input.fit=squeeze", "'stretch' or 'letterbox'"),
        ("train {scans} --run one --set head.dropout=0.1", "to stay 0.3"),
        ("status ghost", "'ghost' was given"),
        ("stop ghost", "'ghost' was given"),
        ("stop one", "'one' is finished"),
        ("resume ghost", "'ghost' was given"),
        ("resume one", "nothing left to do"),
    ],
)
def test_bad_input_gets_one_line_and_status_2(refused, words, told):
    refused(words, told)
