"""`crossval`: every scan predicted by a network that has not met it."""

import json

import numpy as np
import pytest
from shell import SMALL, shell


def test_crossval_predicts_every_scan_and_goes_on_by_its_name(ask, distinct, tmp_path):
    place = ("--workspace", tmp_path)
    words = ["crossval", distinct, "--folds", "2", "--seeds", "8,7", "--stages", "baseline", *SMALL]
    words += ["--set", "head.units=8", "--set", "augmentation.positive_views=1"]
    said = shell(*words, "--name", "cv", *place, "--json")
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert (found["crossval"], found["protocol"]) == ("cv", "leakfree")
    assert (found["folds"], found["seeds"], found["scans"]) == (2, [7, 8], 16)
    assert found["settings"]["head.units"] == [8]
    assert found["settings"]["augmentation.positive_views"] == 1
    (stage,) = found["stages"]
    assert stage["name"] == "baseline"
    assert np.sum(stage["confusion"]) == 2 * 16
    assert [each["seed"] for each in stage["by_seed"]] == [7, 8]
    for figure in ("accuracy", "sensitivity", "specificity", "auc", "loss", "brier"):
        low, high = stage["intervals"][figure]
        assert low <= stage[figure] <= high
    assert [line.split()[:2] for line in said.stderr.splitlines() if " test " in line] == [
        [fold, "Baseline"] for fold in ("s7-f1", "s7-f2", "s8-f1", "s8-f2")
    ]

    # By its name alone: the table, and nothing is trained.
    code, out, err = ask("crossval", "--name", "cv", *place, "--json")
    assert (code, json.loads(out), err) == (0, found, "")
    assert "each predicted by the one of 2 folds" in ask("crossval", "--name", "cv", *place)[1]
    assert ask("crossval", "--name", "cv", *place, "--markdown")[1].startswith("| stage |")
    status = json.loads(ask("status", "cv", *place, "--json")[1])
    assert (status["crossval"], status["state"]) == ("cv", "finished")
    assert (status["folds_finished"], status["folds_in_all"], status["fold"]) == (4, 4, None)
    listed = json.loads(ask("status", *place, "--json")[1])
    assert (listed["runs"], listed["crossvals"]) == ([], [status])
    assert "finished, 4 of 4 folds" in ask("status", *place)[1]
    assert "nothing left to do" in ask("resume", "cv", *place)[2]
    for option, value in (("--folds", "3"), ("--seeds", "7"), ("--set", "head.units=16")):
        code, _, err = ask("crossval", "--name", "cv", option, value, *place)
        assert code == 2
        assert "to stay" in err

    # A further stage, left to itself, stopped and taken up again.
    words = ["crossval", "--name", "cv", "--stages", "stage1", *place]
    code, out, _ = ask(*words, "--detach", "--json")
    assert code == 0
    assert json.loads(out)["state"] in ("queued", "running")
    code, out, _ = ask("stop", "cv", *place, "--json")
    assert (code, json.loads(out)["state"]) == (0, "stopped")
    said = shell("resume", "cv", *place, "--json")
    assert said.returncode == 0, said.stderr
    stages = [stage["name"] for stage in json.loads(said.stdout)["stages"]]
    assert stages == ["baseline", "stage1", "average"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("crossval", "Name the folder"),
        ("crossval --name ghost", "'ghost' is none in"),
        ("crossval {distinct} --name one", "'one' exists"),
        ("crossval {scans} --folds 1", "--folds"),
        ("crossval {distinct} --folds 20", "at least 21 scans of each class"),
        ("crossval {distinct} --seeds 7,x", "'7,x' was given"),
        ("crossval {distinct} --seeds 7,7", "seeds that differ"),
        ("crossval {scans} --set seed=8", "Use --seeds"),
        ("crossval {distinct} --protocol report", "deals out pictures one by one"),
        ("crossval {distinct} --stages stage1", "Add baseline to the stages"),
    ],
)
def test_bad_input_gets_one_line_and_status_2(refused, words, told):
    refused(words, told)
