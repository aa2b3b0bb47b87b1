"""The run folder as others read it."""

import json

import pandas as pd
import pytest
from made_run import history

from core.errors import RunError
from core.protocols import REPORT
from core.training.folders import RunData
from core.training.runs import Run, RunStatus
from core.training.workspace import Workspace

DATA = RunData(
    root="scans", negative="no", positive="yes", already_split=False, already_cropped=False
)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def test_a_new_run_has_its_configuration_and_nothing_else(workspace):
    run = workspace.create(REPORT, DATA, name="first")
    assert run.protocol == REPORT
    assert run.classes == ("no", "yes")
    assert run.status == RunStatus()
    assert run.finished_stages() == []
    assert run.history().empty
    assert run.split().empty
    assert json.loads((run.path / "config.json").read_text())["weights"] is None


def test_an_unfinished_stage_has_no_results(workspace):
    run = workspace.create(REPORT, DATA, name="run")
    (run.stage_path("baseline")).mkdir(parents=True)
    (run.stage_path("baseline") / "predictions.csv").write_text("file,view,split,label,probability")
    with pytest.raises(RunError, match="none yet"):
        run.predictions("baseline")
    with pytest.raises(RunError):
        run.metrics("stage1")


def test_history_comes_in_the_order_of_stages(workspace):
    run = workspace.create(REPORT, DATA, name="run")
    rows = [("stage1", 1), ("baseline", 2), ("baseline", 1), ("final", 1)]
    run.write_history(
        pd.DataFrame(
            [
                {
                    "stage": stage,
                    "epoch": epoch,
                    "loss": 1.0,
                    "accuracy": 0.5,
                    "validation_loss": 1.0,
                    "validation_accuracy": 0.5,
                    "learning_rate": 1e-4,
                    "seconds": 1.0,
                    "best": 0,
                }
                for stage, epoch in rows
            ]
        )
    )
    read = run.history()
    assert list(zip(read["stage"], read["epoch"], strict=True)) == [
        ("baseline", 1),
        ("baseline", 2),
        ("stage1", 1),
        ("final", 1),
    ]


def test_the_seconds_of_a_run_follow_its_history(workspace):
    run = workspace.create(REPORT, DATA, name="run")
    assert run.seconds_trained == 0
    for epochs in (2, 3):
        run.write_history(history("baseline", epochs, best=1))
        assert run.seconds_trained == epochs


def test_class_names_that_look_like_numbers_stay_names(workspace):
    run = workspace.create(REPORT, DATA, name="run")
    table = {"file": ["1/007.png"], "view": [0], "label": ["1"], "split": [""], "group": [0]}
    run.write_split(pd.DataFrame(table))
    assert run.split()["label"].item() == "1"


@pytest.mark.parametrize("name", ["None", "NA", "null", "nan"])
def test_class_names_that_look_like_nothing_stay_names(workspace, name):
    run = workspace.create(REPORT, DATA, name="run")
    table = {"file": ["a.png"], "view": [0], "label": [name], "split": [""], "group": [3]}
    run.write_split(pd.DataFrame(table))
    assert run.split().to_dict("records") == [{k: v[0] for k, v in table.items()}]


@pytest.mark.parametrize("content", [b"", b"\x00" * 40, b"stage,ep"])
def test_a_stage_is_put_aside_with_a_history_that_is_damaged(workspace, content):
    """Training it again is the remedy that is named for it."""
    run = workspace.create(REPORT, DATA, name="run")
    run.stage_path("baseline").mkdir(parents=True)
    (run.path / "history.csv").write_bytes(content)
    with pytest.raises(RunError, match="Train that stage again"):
        run.history()
    run.archive_stage("baseline")
    assert run.history().empty
    (kept,) = run.path.glob("archive/*/history.csv")
    assert kept.read_bytes() == content
    assert not run.stage_path("baseline").exists()


@pytest.mark.parametrize("content", [b"", b"\x00" * 40], ids=["empty", "zeros"])
@pytest.mark.parametrize("file", ["predictions.csv", "metrics.json"])
def test_what_a_power_cut_has_damaged_is_told_in_words(workspace, file, content):
    run = workspace.create(REPORT, DATA, name="run")
    folder = run.stage_path("baseline")
    folder.mkdir(parents=True)
    for name in ("predictions.csv", "metrics.json"):
        (folder / name).write_bytes(content if name == file else b"{}")
    ask = run.predictions if file == "predictions.csv" else run.metrics
    with pytest.raises(RunError, match=f"a whole {file}"):
        ask("baseline")


def test_a_run_is_none_before_its_split_is_written(workspace, monkeypatch):
    """Where the disk is full in between, say."""
    split = pd.DataFrame({"file": ["a.png"], "view": [0], "label": ["yes"], "split": [""]})
    assert len(workspace.create(REPORT, DATA, split=split, name="whole").split()) == 1

    def full(*_):
        raise OSError

    monkeypatch.setattr(Run, "write_split", full)
    with pytest.raises(OSError):  # noqa: PT011
        workspace.create(REPORT, DATA, split=split, name="half")
    assert [run.name for run in workspace.runs()] == ["whole"]


def test_deleting_takes_the_whole_folder(workspace):
    run = workspace.create(REPORT, DATA, name="run")
    run.delete()
    assert workspace.runs() == []
    assert not run.path.exists()
