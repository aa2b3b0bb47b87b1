"""Keeping the runs in order from the shell."""

import json
from pathlib import Path

import pytest
from made_run import make_run

from core.cli import main
from core.training.run_library import about
from core.training.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with the run "made", which the shell takes for the user's own."""
    monkeypatch.setenv("NEUROSTAGE_WORKSPACE", str(tmp_path))
    make_run(tmp_path, [0.5])
    return Workspace(tmp_path)


def test_a_run_is_renamed_noted_deleted_and_restored(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
):
    assert main(["rename", "made", "clinic-a", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"] == "clinic-a"
    assert main(["note", "clinic-a", "Scanner B", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["about"]["note"] == "Scanner B"
    assert main(["delete", "clinic-a", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["run"] == "clinic-a"
    assert (Path(told["path"]) / "config.json").is_file()
    assert workspace.runs() == []
    assert main(["restore", "clinic-a"]) == 0
    assert about(workspace.run("clinic-a")).note == "Scanner B"


@pytest.mark.parametrize(
    "words",
    [
        ["rename", "ghost", "other"],
        ["rename", "made", "a/b"],
        ["note", "made"],
        ["note", "made", "x" * 4001],
        ["delete", "ghost"],
        ["restore", "made"],
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], words: list[str]
):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert [run.name for run in workspace.runs()] == ["made"]
