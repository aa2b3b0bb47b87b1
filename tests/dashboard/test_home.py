"""The first page: it knows where somebody is."""

import os
import shutil
from pathlib import Path
from threading import Event

import pytest
from made_run import make_run
from pages import APP, Pages, texts
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextArea, TextInput

from core.errors import DatasetError
from core.evaluation.comparison import compare
from core.process import began
from core.protocols import DEMO
from core.training import run_library
from core.training.runs import Run, RunStatus
from core.training.workspace import Workspace
from dashboard import state
from dashboard.components import next_step


def labels(pages: Pages) -> list[str]:
    beside = ("draw-again", "notify-me")  # what is around every page
    return [button.label for button in pages.test.button if button.key not in beside]


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
    assert row["Figures of"] == "Stage 2"
    assert "%" in row["Test accuracy, 95 % interval"]
    assert "Mark" not in row


@pytest.mark.parametrize("way", ["views/explain.py", "views/compare.py"])
def test_the_ways_lead_to_the_run_that_is_named(three: Workspace, way: str):
    for name in "bc":  # newer: one has nothing to show yet, the other was put away
        run_library.annotate(three.run(name), archived=name == "b")
    shutil.rmtree(three.run("c").path / "stages")
    page = Pages().test
    assert "Run **a**" in texts(page)
    page.button(key=f"go-{way}").click().run()
    assert page.session_state[state.RUN] == "a"


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


@pytest.mark.parametrize(
    ("status", "listed"),
    [
        (RunStatus(state="queued"), "Starting"),
        (RunStatus(state="queued", activity="Waiting"), "Waiting for its turn"),
        (RunStatus(state="running", stage="stage1", activity="Training", epoch=2), "Training"),
    ],
)
def test_the_list_says_of_a_run_at_work_what_holds_until_it_is_drawn_again(
    workspace: Workspace, status: RunStatus, listed: str
):
    make_run(workspace.path, [0.5]).write_status(_at_work(status))
    assert Pages().test.dataframe[0].value["State"].tolist() == [listed]


def test_the_page_is_drawn_again_when_a_run_at_work_has_finished_a_stage(workspace: Workspace):
    run = make_run(workspace.path, [0.5, 1])
    status = RunStatus(state="running")
    before = next_step.reached(run, status)
    further = status.model_copy(update={"stage": "stage2", "epoch": 3})
    assert next_step.reached(run, further) == before
    shutil.rmtree(run.path / "stages" / "stage1")
    assert next_step.reached(run, status) != before


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


def test_the_demonstration_is_turned_to_where_it_was_asked_for_alone(
    pages: Pages, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    go_on = Event()

    def start(where: Workspace, **_: object) -> Run:
        assert go_on.wait(60)
        return where.run("made")

    make_run(workspace.path, [0.5]).path.rename(workspace.path / "runs" / "other")
    shutil.rmtree(workspace.run("other").path / "stages")
    monkeypatch.setattr(next_step, "start_demonstration", start)
    elsewhere = Pages()
    elsewhere.test.session_state[state.RUN] = "other"
    pages.test.run().button(key="try-demonstration").click().run()
    elsewhere.test.run()
    for each in (pages, elsewhere):
        assert "Preparing the demonstration" in texts(each.test)
    make_run(workspace.path, [0.5])
    go_on.set()
    elsewhere.until(lambda page: "Your model is ready" in texts(page))
    assert elsewhere.test.session_state[state.RUN] == "other"
    pages.until(lambda page: "Your model is ready" in texts(page))
    assert pages.test.session_state[state.RUN] == "made"


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


def field(page: AppTest, name: str, run: str = "b") -> TextArea | TextInput:
    """What is typed about a run: its name, title or note."""
    fields = [*page.text_input, *page.text_area]
    return next(each for each in fields if str(each.key).startswith(f"edit-{name}-{run}-"))


def chosen(*names: str, **address: str) -> AppTest:
    """The first page with these runs chosen in its address."""
    page = AppTest.from_file(str(APP), default_timeout=60)
    page.query_params[state.CHOSEN] = ",".join(names)
    for key, value in address.items():
        page.query_params[key] = value
    return page.run()


def listed(page: AppTest) -> list[str]:
    return list(page.dataframe[0].value["Run"])


@pytest.fixture
def three(workspace: Workspace) -> Workspace:
    """A workspace with the runs c, b and a; c is the newest."""
    for age, name in enumerate("abc"):
        run = make_run(workspace.path, [0.5, 2]).path.rename(workspace.path / "runs" / name)
        os.utime(run / "config.json", (1e9 + age, 1e9 + age))
    return workspace


def test_a_run_gets_a_name_a_shown_name_and_a_note(three: Workspace):
    page = chosen("b")
    field(page, "name").input("second")
    field(page, "title").input("March, clinic A")
    field(page, "note").input("Scanner B")
    next(button for button in page.button if button.label == "Save").click().run()
    assert not page.error
    assert listed(page) == ["c", "March, clinic A", "a"]
    assert page.dataframe[0].value["Note"].tolist() == ["", "Scanner B", ""]
    assert three.run("second").finished_stages()
    assert page.query_params[state.CHOSEN] == "second"


def test_what_another_tab_has_written_of_a_run_is_not_written_over(three: Workspace):
    page = chosen("b")
    run_library.annotate(three.run("b"), note="of the other tab")
    field(page, "title").input("March")
    next(button for button in page.button if button.label == "Save").click().run()
    said = run_library.about(three.run("b"))
    assert (said.title, said.note) == ("March", "of the other tab")
    run_library.annotate(three.run("b"), note="once more")
    assert field(page.run(), "note").value == "once more"


@pytest.mark.usefixtures("three")
def test_a_name_that_is_taken_is_refused_in_words():
    page = chosen("b")
    field(page, "name").input("a")
    next(button for button in page.button if button.label == "Save").click().run()
    assert "exists" in page.error[0].value
    assert listed(page) == ["c", "b", "a"]


def test_the_name_of_a_run_at_work_cannot_be_typed(three: Workspace):
    three.run("b").write_status(_at_work(RunStatus(state="running", requested=("final",))))
    page = chosen("b")
    assert field(page, "name").disabled
    field(page, "note").input("slow")
    next(button for button in page.button if button.label == "Save").click().run()
    assert not page.error
    assert page.dataframe[0].value["Note"].tolist() == ["", "slow", ""]


@pytest.mark.usefixtures("three")
def test_pinned_runs_stand_first_and_archived_ones_out_of_sight():
    page = chosen("a")
    page.button(key="pin-runs").click().run()
    assert listed(page) == ["a", "c", "b"]
    assert page.query_params[state.CHOSEN] == "a"  # rows have moved, the choice has not
    page = chosen("b", "c")
    page.button(key="archive-runs").click().run()
    assert listed(page) == ["a"]
    page.toggle(key=state.ARCHIVED).set_value(True).run()
    assert listed(page) == ["a", "c", "b"]
    assert page.dataframe[0].value["State"].tolist()[1].endswith("archived")


@pytest.mark.usefixtures("three")
def test_deleted_runs_are_had_back_by_one_button():
    page = chosen("a", "c")
    page.button(key="delete-runs").click().run()
    assert listed(page) == ["b"]
    assert "Deleted: **a, c**" in texts(page)
    page.button(key="undo-delete").click().run()
    assert listed(page) == ["c", "b", "a"]
    assert "Deleted" not in texts(page)


def test_a_run_at_work_is_not_deleted_nor_is_any_chosen_with_it(three: Workspace):
    three.run("a").write_status(_at_work(RunStatus(state="running", requested=("final",))))
    page = chosen("a", "c")
    page.button(key="delete-runs").click().run()
    assert "Stop it first" in page.error[0].value
    assert {run.name for run in three.runs()} == {"a", "b", "c"}


def test_the_last_run_can_be_had_back_out_of_the_trash_later(workspace: Workspace):
    run_library.delete(workspace, make_run(workspace.path, [0.5]))
    page = Pages().test
    assert not page.dataframe
    next(button for button in page.button if button.label == "Put back").click().run()
    assert listed(page) == ["made"]


def test_a_damaged_run_is_listed_and_can_be_deleted(three: Workspace):
    (three.path / "runs" / "b" / "config.json").write_text("{")
    page = chosen("b")
    assert page.dataframe[0].value["State"].tolist()[listed(page).index("b")] == "Damaged"
    page.button(key="delete-runs").click().run()
    assert not page.error
    assert listed(page) == ["c", "a"]


def test_runs_stand_side_by_side_with_the_mark_of_a_leak(three: Workspace):
    leaky = three.run("a")
    leaky.write_split(leaky.split().assign(group="one"))
    page = chosen("a", "b", **{state.SIDE_BY_SIDE: "true"})
    table = next(e.proto.body for e in page.get("html") if "numbers runs" in e.proto.body)
    for name in "ab":
        comparison = compare(three.run(name))
        assert comparison.keep.stage
        found = comparison.stage(comparison.keep.stage).test
        low, high = found.intervals["accuracy"]
        assert (
            f"{100 * found.accuracy:.1f} %<small>{100 * low:.1f}–{100 * high:.1f}</small>" in table
        )
    assert "Leaky: 100 %" in table
    assert "All were tested on the same ones" in texts(page)


def _at_work(status: RunStatus) -> RunStatus:
    """The status of a job whose process lives: this one."""
    return status.model_copy(update={"pid": os.getpid(), "process_started": began(os.getpid())})
