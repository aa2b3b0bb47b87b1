"""The first page: it knows where somebody is."""

import shutil
from pathlib import Path

import psutil
import pytest
from made_run import make_run
from pages import Pages, texts

from core.config import DEMO
from core.errors import DatasetError
from core.training.runs import Run, RunStatus, Workspace
from dashboard import state
from dashboard.components import next_step


def labels(pages: Pages) -> list[str]:
    return [button.label for button in pages.test.button]


def test_without_anything_scans_are_to_be_chosen_or_the_demonstration_tried(pages: Pages):
    assert labels(pages) == ["Choose a folder", "Try the demonstration"]


def test_with_a_folder_training_is_next(scans: Path):
    pages = Pages()
    pages.test.session_state[state.FOLDER] = str(scans)
    pages.test.run()
    assert labels(pages)[0] == "Set up training"


def test_with_a_model_a_scan_is_next_and_the_run_is_listed(workspace: Workspace):
    make_run(workspace.path, [0.5, 1, 2])
    pages = Pages()
    assert labels(pages)[:2] == ["Explain a scan", "Compare stages"]
    row = pages.test.dataframe[0].value.iloc[0]
    assert row["Run"] == "made"
    assert row["Stages"] == "3 of 5"
    assert "%" in row["Test accuracy, 95 % interval"]
    assert "Mark" not in row


def test_a_run_whose_split_leaks_is_listed_with_its_mark(workspace: Workspace):
    run = make_run(workspace.path, [0.5])
    split = run.split()
    run.write_split(split.assign(group="one"))
    row = Pages().test.dataframe[0].value.iloc[0]
    assert row["Mark"].startswith("Leaky: 100 % of the validation and test pictures")


def test_while_a_run_trains_it_can_be_watched(workspace: Workspace):
    run = make_run(workspace.path, [0.5])
    run.write_status(_at_work(RunStatus(state="running", stage="stage1", activity="Training")))
    pages = Pages()
    assert labels(pages)[0] == "Watch"
    assert "is training" in texts(pages.test)


def test_the_demonstration_is_offered_until_it_has_been_tried(workspace: Workspace):
    run = make_run(workspace.path, [0.5])
    shutil.rmtree(run.stage_path("baseline"))
    assert "Try the demonstration" in labels(Pages())
    run.write_config(run.config.model_copy(update={"protocol": DEMO}))
    assert "Try the demonstration" not in labels(Pages())


def test_the_demonstration_is_prepared_in_the_background(
    pages: Pages, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    def start(where: Workspace, **_: object) -> Run:
        assert where.path == workspace.path
        return make_run(where.path, [0.5])

    monkeypatch.setattr(next_step, "start_demonstration", start)
    page = pages.test
    page.button(key="try-demonstration").click().run()
    pages.until(lambda page: "Your model is ready" in texts(page))
    assert page.session_state[state.RUN] == "made"


def test_a_demonstration_that_fails_says_why_and_can_be_tried_again(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
):
    def start(*_: object, **__: object) -> Run:
        raise DatasetError("room on the disk", "there is none", "Make some.")

    monkeypatch.setattr(next_step, "start_demonstration", start)
    pages.test.button(key="try-demonstration").click().run()
    pages.until(lambda page: page.error)
    assert "Make some" in pages.test.error[0].value
    assert "Try the demonstration" in labels(Pages())


def _at_work(status: RunStatus) -> RunStatus:
    """The status of a job whose process lives: this one."""
    me = psutil.Process()
    return status.model_copy(update={"pid": me.pid, "process_started": me.create_time()})
