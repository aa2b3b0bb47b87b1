"""What a person says of a run, and what happens to its folder."""

import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import RunError, SettingError
from core.process import began
from core.protocols import LEAKFREE
from core.training import run_library
from core.training.folders import RunData
from core.training.runs import Run, RunStatus
from core.training.workspace import Workspace

DATA = RunData(
    root="scans", negative="no", positive="yes", already_split=False, already_cropped=False
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return workspace.create(LEAKFREE, DATA, name="first")


def put_to_work(run: Run) -> None:
    """As a job whose process lives: this one."""
    status = RunStatus(state="running", requested=("baseline",), pid=os.getpid())
    run.write_status(status.model_copy(update={"process_started": began(os.getpid())}))


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


def test_what_is_said_of_a_run_is_kept_beside_its_record(run: Run):
    before = files(run.path)
    assert run_library.about(run) == run_library.About()
    run_library.annotate(run, note="Scanner B.\nÄrger mit 3 Bildern", pinned=True)
    run_library.annotate(run, title="March, clinic A")
    found = run_library.about(Run(run.path))
    assert found.note == "Scanner B.\nÄrger mit 3 Bildern"
    assert found.pinned
    assert not found.archived
    assert run_library.shown_name(run) == "March, clinic A"
    assert {k: v for k, v in files(run.path).items() if k != "about.json"} == before


@pytest.mark.parametrize("change", [{"title": "x" * 81}, {"note": "x" * 4001}, {"pinned": "maybe"}])
def test_what_cannot_be_said_leaves_all_as_it_was(run: Run, change: dict[str, object]):
    run_library.annotate(run, note="kept")
    with pytest.raises(SettingError):
        run_library.annotate(run, **change)
    assert run_library.about(run) == run_library.About(note="kept")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"pinned": 3}'])
def test_a_damaged_about_says_nothing(run: Run, content: bytes):
    (run.path / "about.json").write_bytes(content)
    assert run_library.about(run) == run_library.About()
    assert run_library.shown_name(run) == "first"


def test_a_note_can_be_written_while_the_run_is_at_work(run: Run):
    put_to_work(run)
    run_library.annotate(run, note="slow today")
    assert run_library.about(run).note == "slow today"


def test_pinned_runs_stand_first_and_archived_ones_last(workspace: Workspace):
    runs = [workspace.create(LEAKFREE, DATA, name=name) for name in "abcd"]
    run_library.annotate(runs[0], archived=True, pinned=True)
    run_library.annotate(runs[2], pinned=True)
    assert [run.name for run in run_library.in_order(runs)] == ["c", "b", "d", "a"]


def test_renaming_moves_the_folder_and_nothing_else(workspace: Workspace, run: Run):
    run_library.annotate(run, note="stays")
    before = files(run.path)
    renamed = run_library.rename(workspace, run, "second")
    assert [r.name for r in workspace.runs()] == ["second"]
    assert files(renamed.path) == before
    assert json.loads((renamed.path / "config.json").read_text())["name"] == "first"
    assert run_library.rename(workspace, renamed, "second").path == renamed.path


@pytest.mark.parametrize("name", ["../out", "a/b", "", ".hidden", "x" * 65, "with space", "taken"])
def test_names_are_judged_like_those_of_new_runs(workspace: Workspace, run: Run, name: str):
    workspace.create(LEAKFREE, DATA, name="taken")
    with pytest.raises(SettingError):
        run_library.rename(workspace, run, name)
    assert {r.name for r in workspace.runs()} == {"first", "taken"}


def test_the_name_of_a_cross_validation_is_taken_too(workspace: Workspace, run: Run):
    (workspace.path / "crossvals" / "folds").mkdir(parents=True)
    with pytest.raises(SettingError, match="exists"):
        run_library.rename(workspace, run, "folds")


def test_a_run_at_work_keeps_its_folder(workspace: Workspace, run: Run):
    put_to_work(run)
    with pytest.raises(RunError, match="Stop it first"):
        run_library.rename(workspace, run, "second")
    with pytest.raises(RunError, match="Stop it first"):
        run_library.delete(workspace, run)
    assert [r.name for r in workspace.runs()] == ["first"]


def test_a_deleted_run_can_be_had_back_whole(workspace: Workspace, run: Run):
    run_library.annotate(run, pinned=True)
    before = files(run.path)
    trashed = run_library.delete(workspace, run)
    assert workspace.runs() == []
    assert run_library.trash(workspace) == [trashed]
    restored = run_library.restore(workspace, trashed)
    assert restored.path == run.path
    assert files(run.path) == before
    assert run_library.trash(workspace) == []
    with pytest.raises(RunError, match="not there any more"):
        run_library.restore(workspace, trashed)


def test_a_deleted_run_gives_way_to_one_that_took_its_name(workspace: Workspace, run: Run):
    trashed = run_library.delete(workspace, run)
    workspace.create(LEAKFREE, DATA, name="first")
    with pytest.raises(SettingError, match="exists"):
        run_library.restore(workspace, trashed)
    assert run_library.trash(workspace) == [trashed]


def test_a_run_of_one_name_can_be_deleted_again_and_again(workspace: Workspace, run: Run):
    first = run_library.delete(workspace, run)
    second = run_library.delete(workspace, workspace.create(LEAKFREE, DATA, name="first"))
    assert run_library.trash(workspace) == [second, first]


def test_a_damaged_run_can_be_deleted(workspace: Workspace, run: Run):
    (run.path / "config.json").write_text("{")
    run_library.delete(workspace, run)
    assert workspace.runs() == []


def test_the_next_deletion_removes_what_has_lain_for_thirty_days(workspace: Workspace, run: Run):
    trash = workspace.path / "trash"
    now = datetime.now(UTC)
    for name, days in (("old", 31), ("recent", 29)):
        folder = trash / f"{name}-{now - timedelta(days=days):%Y%m%dT%H%M%S%f}"
        (folder / "stages").mkdir(parents=True)
    for stray in ("notes", "a-20200101", "x-20200101T000000", "-20200101T000000000000"):
        (trash / stray).mkdir()
    run_library.delete(workspace, run)
    assert [trashed.name for trashed in run_library.trash(workspace)] == ["first", "recent"]
    strays = {"notes", "a-20200101", "x-20200101T000000", "-20200101T000000000000"}
    assert strays <= {folder.name for folder in trash.iterdir()}


def test_a_name_with_dashes_and_a_moment_in_it_comes_back(workspace: Workspace):
    name = "run-20200101T000000000000"
    run_library.delete(workspace, workspace.create(LEAKFREE, DATA, name=name))
    (trashed,) = run_library.trash(workspace)
    assert run_library.restore(workspace, trashed).name == name


def test_what_is_said_of_a_run_that_is_gone_does_not_make_it_anew(workspace: Workspace, run: Run):
    trashed = run_library.delete(workspace, run)
    with pytest.raises(RunError, match="not there any more"):
        run_library.annotate(run, pinned=True)
    assert not run.path.exists()
    assert run_library.restore(workspace, trashed).path == run.path


@pytest.mark.parametrize("deed", ["delete", "rename"])
def test_nobody_starts_a_run_while_its_folder_moves(workspace: Workspace, run: Run, deed: str):
    """As the start of a job does: `held` until its process is on record."""
    begun, outcome = threading.Event(), []
    move = {
        "delete": lambda: run_library.delete(workspace, run),
        "rename": lambda: run_library.rename(workspace, run, "second"),
    }[deed]

    def start() -> None:
        with run.held():
            begun.set()
            time.sleep(0.3)  # for the move to come in between, if it could
            put_to_work(run)

    def interfere() -> None:
        begun.wait(10)
        try:
            outcome.append(move())
        except RunError as error:
            outcome.append(error)

    threads = [threading.Thread(target=work) for work in (start, interfere)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert "Stop it first" in str(outcome[0])
    assert [r.name for r in workspace.runs()] == ["first"]
