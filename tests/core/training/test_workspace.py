"""The workspace: names, and what is listed."""

import os

import pytest

from core.errors import RunError, SettingError
from core.protocols import REPORT
from core.training.folders import RunData
from core.training.runs import Run
from core.training.workspace import Workspace, default_workspace

DATA = RunData(
    root="scans", negative="no", positive="yes", already_split=False, already_cropped=False
)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def test_names_are_free_and_plain(workspace):
    first, second = (workspace.create(REPORT, DATA) for _ in range(2))
    assert first.name != second.name
    with pytest.raises(SettingError, match="exists"):
        workspace.create(REPORT, DATA, name=first.name)
    for name in ("../outside", "a/b", "", ".hidden", "x" * 65, "with space"):
        with pytest.raises(SettingError):
            workspace.create(REPORT, DATA, name=name or " ")
        with pytest.raises(RunError):
            workspace.run(name)


def test_runs_are_listed_newest_first(workspace):
    for age, name in enumerate(("new", "middle", "old")):
        config = workspace.create(REPORT, DATA, name=name).path / "config.json"
        os.utime(config, (1e9 - age, 1e9 - age))
    (workspace.path / "runs" / "stray").mkdir()
    assert [run.name for run in workspace.runs()] == ["new", "middle", "old"]


def test_an_unknown_run_names_those_there_are(workspace):
    workspace.create(REPORT, DATA, name="present")
    with pytest.raises(RunError, match=r"\(present\)"):
        workspace.run("absent")


def test_the_environment_names_the_workspace(monkeypatch, tmp_path):
    assert default_workspace().name == "NeuroStage"
    monkeypatch.setenv("NEUROSTAGE_WORKSPACE", str(tmp_path))
    assert default_workspace() == tmp_path


def test_a_run_that_cannot_be_made_does_not_keep_the_name(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Run, "write_config", full)
        with pytest.raises(OSError, match="No space"):
            workspace.create(REPORT, DATA, name="first")
    assert workspace.create(REPORT, DATA, name="first").name == "first"
