"""The end of a training is told once in each session that saw it at work."""

import os

import pytest
from made_run import make_run
from pages import Pages

from core.process import began
from core.training.runs import Run, RunStatus
from core.training.workspace import Workspace


def put_to_work(run: Run) -> None:
    """As a job whose process lives: this one."""
    status = RunStatus(state="running", requested=("final",), pid=os.getpid())
    run.write_status(status.model_copy(update={"process_started": began(os.getpid())}))


def told(pages: Pages) -> list[str]:
    return [toast.value for toast in pages.test.toast]


@pytest.mark.parametrize("view", ["home", "data", "compare", "train", "crossval", "explain"])
def test_the_end_is_told_once_wherever_the_user_is(workspace: Workspace, view: str):
    run = make_run(workspace.path, [0.5])
    put_to_work(run)
    pages = Pages()
    pages.open(view)
    assert not told(pages)
    run.write_status(RunStatus(state="finished"))
    pages.test.run()
    assert told(pages) == ["Run made: finished"]
    pages.test.run()
    assert not told(pages)


def test_what_ended_before_is_not_told(workspace: Workspace):
    make_run(workspace.path, [0.5]).write_status(RunStatus(state="finished"))
    assert not told(Pages())


def test_an_error_is_told_with_its_words(workspace: Workspace):
    run = make_run(workspace.path, [0.5])
    put_to_work(run)
    pages = Pages()
    run.write_status(RunStatus(state="failed", message="The disk <is> full."))
    pages.test.run()
    assert told(pages) == ["Run made: ended by an error"]
    scripts = [element.proto.body for element in pages.test.get("html")]
    assert any("notify(" in body and "\\u003cis> full" in body for body in scripts)


def test_a_run_that_was_stopped_or_deleted_calls_nobody(workspace: Workspace):
    run = make_run(workspace.path, [0.5])
    put_to_work(run)
    pages = Pages()
    run.write_status(RunStatus(state="stopped", requested=("final",)))
    pages.test.run()
    assert told(pages) == ["Run made: stopped"]
    assert not any(".notify(" in element.proto.body for element in pages.test.get("html"))
    put_to_work(run)
    pages.test.run()
    run.path.rename(workspace.path / "gone")
    pages.test.run()
    assert not told(pages)
