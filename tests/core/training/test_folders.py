"""What the folder of a run and that of a cross-validation have in common."""

import os

import pytest
from made_crossval import made
from made_run import make_run

from core.errors import RunError
from core.process import began
from core.training.folders import RunData
from core.training.runs import RunStatus


@pytest.fixture(params=["run", "cross-validation"])
def job(request, tmp_path):
    """A finished job of either kind, and the run whose status decides its own."""
    if request.param == "run":
        run = make_run(tmp_path, [0.5])
        return run, run
    crossval = made(tmp_path, [7])
    return crossval, crossval.runs()[0]


def test_a_damaged_configuration_is_said_in_words(job):
    folder, _ = job
    assert folder.config.protocol == folder.protocol
    (folder.path / folder.config_file).write_text("{")
    with pytest.raises(RunError, match=f"a {folder.kind} with a readable {folder.config_file}"):
        _ = folder.config


def test_what_is_at_work_is_not_removed(job):
    folder, run = job
    alive = {"pid": os.getpid(), "process_started": began(os.getpid())}
    run.write_status(RunStatus(state="running", requested=("stage1",), **alive))
    with pytest.raises(RunError, match=f"a {folder.kind} that is not at work"):
        folder.delete()
    run.write_status(RunStatus(state="finished"))
    folder.delete()
    assert not folder.path.exists()


@pytest.mark.parametrize("root", [r"C:\Users\Jane Doe\scans", "/home/jane doe/scans/", "scans"])
def test_of_the_folder_of_scans_its_name_is_told_and_not_where_it_lies(root):
    data = RunData(root=root, negative="no", positive="yes", already_split=0, already_cropped=0)
    assert data.folder == "scans"
