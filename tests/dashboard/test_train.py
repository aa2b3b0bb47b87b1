"""The Train page: setting up a run, and following one."""

import os
from pathlib import Path

import made_crossval
import pytest
from made_run import make_run
from pages import Pages, small, texts

from core.config import Split
from core.data.patients import Patients
from core.errors import RunError
from core.evaluation.mark import mark_of
from core.process import began
from core.protocols import LEAKFREE
from core.training import jobs
from core.training.runs import Run, RunStatus
from core.training.workspace import Workspace
from dashboard import state
from dashboard.components import data_set, launch, run_panel, stage_track


def test_without_scans_the_page_leads_to_them(pages: Pages):
    page = pages.open("train")
    assert "Which scans?" in texts(page)


def test_the_form_shows_what_each_stage_trains_and_costs(new_run: Pages):
    page = new_run.test
    shown = texts(page)
    for title in ("Baseline", "Stage 1", "Stage 2", "Stage 3", "Final"):
        assert f"**{title}**" in shown
    assert "blocks 4 and 5, head" in shown
    assert len(page.get("image")) == 5
    assert page.metric[0].label == "All stages, at most"


def test_changed_settings_reach_the_run_and_its_stages_train(new_run: Pages, workspace: Workspace):
    page = new_run.test
    page.number_input(key="new-leakfree-baseline-rate").set_value(0.002)
    page.number_input(key="new-leakfree-baseline-epochs").set_value(1)
    page.text_input(key=state.NEW_RUN).set_value("mine")
    page.run()
    page.button(key="train-first").click().run()
    run = workspace.run("mine")
    try:
        assert run.protocol.stage("baseline").learning_rate == pytest.approx(0.002)
        assert page.session_state[state.RUN] == "mine"
        assert "Stop training" in [button.label for button in page.button]
        new_run.until(lambda _: not run.status.active, seconds=300)
    finally:
        if run.status.active:
            jobs.stop(run)
    page.run()
    assert run.finished_stages() == ["baseline"], run.status
    assert "Train the rest" in [button.label for button in page.button]
    assert "loss" in texts(page)


def test_the_curves_are_said_to_somebody_who_cannot_see_them(pages: Pages, workspace: Workspace):
    make_run(workspace.path, [1, 2])
    (chart,) = pages.open("train").get("plotly_chart")
    assert "Loss and accuracy of every epoch" in chart.proto.alt


def test_a_damaged_run_is_said_to_be_and_keeps_no_new_one_from_being_set_up(
    new_run: Pages, workspace: Workspace
):
    (make_run(workspace.path, [1, 2]).path / "config.json").write_text("{")
    page = new_run.test
    page.session_state[state.TRAIN_TAB] = "Run in use"
    page.run()
    assert "config.json of 'made' cannot be read" in page.error[0].value
    page.session_state[state.TRAIN_TAB] = "New run"
    page.run()
    assert "Train all five stages" in [button.label for button in page.button]
    assert not page.error


@pytest.fixture
def leaky_form(leaky: Path, monkeypatch: pytest.MonkeyPatch) -> Pages:
    """The form of a new run on a folder whose own split leaks; no process is started."""
    report = small(name="report", title="Report", split=Split(unit="picture"))
    protocols = {"leakfree": small(), "report": report}
    monkeypatch.setattr(data_set, "PROTOCOLS", protocols)
    monkeypatch.setattr(jobs, "start", lambda *_: None)
    pages = Pages()
    pages.test.session_state[state.FOLDER] = str(leaky)
    pages.open("train")
    pages.until(lambda page: "Train all five stages" in [button.label for button in page.button])
    return pages


def test_a_leaky_split_trains_only_when_that_is_accepted(leaky_form: Pages, workspace: Workspace):
    page = leaky_form.test
    assert "2 of 4 test pictures have a near copy in training" in texts(page)
    assert "What it costs" in texts(page)
    buttons = [page.button(key=key) for key in ("train-all", "train-first")]
    assert all(button.disabled for button in buttons)
    page = page.checkbox[0].check().run()
    assert not page.button(key="train-first").disabled
    page = page.button(key="train-first").click().run()
    assert not page.error
    run = workspace.runs()[0]
    assert "50.0 % of the test pictures" in mark_of(run)
    assert ":orange-badge[:material/warning: leaky]" in texts(page)


def test_a_protocol_that_leaks_is_chosen_with_open_eyes(leaky_form: Pages):
    page = leaky_form.test
    page = page.button_group(key=state.PROTOCOL).set_value("report").run()
    assert not page.checkbox
    assert "will be marked as leaky" in texts(page)
    assert not page.button(key="train-all").disabled


def test_patients_reach_the_run(leaky_form: Pages, workspace: Workspace):
    page = leaky_form.test
    key = state.of(state.PATIENT_PATTERN, page.session_state[state.FOLDER])
    page.session_state[key] = r"p(\d+)"
    page = page.run()
    page = page.checkbox[0].check().run()
    page.button(key="train-first").click().run()
    assert workspace.runs()[0].config.data.patients == Patients(pattern=r"p(\d+)")


def test_labels_that_contradict_are_told_before_training(
    scans: Path, monkeypatch: pytest.MonkeyPatch
):
    (scans / "no" / "same.png").write_bytes((scans / "yes" / "3.png").read_bytes())
    monkeypatch.setattr(data_set, "PROTOCOLS", {"leakfree": small()})
    pages = Pages()
    pages.test.session_state[state.FOLDER] = str(scans)
    pages.open("train")
    page = pages.until(lambda page: page.warning)
    assert "1 group of copies is in both classes" in page.warning[0].value
    assert not page.button(key="train-all").disabled


def test_a_name_that_is_taken_is_told_and_nothing_starts(new_run: Pages, workspace: Workspace):
    page = new_run.test
    page.text_input(key=state.NEW_RUN).set_value("made").run()
    page.session_state[state.TRAIN_TAB] = "New run"
    make_run(workspace.path, [0.5])
    page.button(key="train-all").click().run()
    assert "exists" in page.error[0].value
    assert [run.name for run in workspace.runs()] == ["made"]


@pytest.mark.parametrize(
    ("status", "headline", "button"),
    [
        (RunStatus(), "Not started", "Train the rest"),
        (RunStatus(state="finished"), "Finished", "Train the rest"),
        (RunStatus(state="stopped", requested=("stage2",)), "Stopped", "Resume"),
        (RunStatus(state="running", pid=1, requested=("stage2",)), "Interrupted", "Resume"),
    ],
)
def test_a_run_at_rest_says_where_it_is_and_what_can_be_done(
    workspace: Workspace, status: RunStatus, headline: str, button: str
):
    make_run(workspace.path, [0.5, 1]).write_status(status)
    page = Pages().open("train")
    assert f"**{headline}**" in texts(page)
    assert button in [b.label for b in page.button]


def test_an_error_that_ended_a_run_is_in_plain_sight(workspace: Workspace):
    run = make_run(workspace.path, [0.5])
    run.write_status(RunStatus(state="failed", requested=("stage1",), message="The disk is full."))
    page = Pages().open("train")
    assert page.error[0].value == "The disk is full."


def test_stop_asks_the_job_to_stop(workspace: Workspace):
    run = make_run(workspace.path, [0.5])
    status = RunStatus(
        state="running",
        stage="stage1",
        activity="Training",
        epoch=2,
        epochs=10,
        pid=os.getpid(),
        process_started=began(os.getpid()),
    )
    run.write_status(status)
    page = Pages().open("train")
    assert "**Stage 1, epoch 2 of 10**" in texts(page)
    next(b for b in page.button if b.label == "Stop training").click().run()
    assert run.stop_request.exists()
    assert "Stopping at the next batch" in texts(page)


def test_a_stage_worse_than_the_one_before_is_marked(workspace: Workspace):
    make_run(workspace.path, [3, 0.2])
    page = Pages().open("train")
    assert "worse than before" in texts(page)


def test_a_finished_stage_can_be_repeated_with_other_settings(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    run = make_run(workspace.path, [0.5, 1])
    started: list[list[str]] = []
    monkeypatch.setattr(jobs, "start", lambda _, stages: started.append(stages))
    page = Pages().open("train")
    assert not page.number_input
    page.session_state["train-made-stage1"] = True  # opens it
    page.run()
    page.number_input(key="again-made-stage1-epochs").set_value(3).run()
    page.button(key="again-made-stage1-go").click().run()
    assert started == [["stage1"]]
    assert run.protocol.stage("stage1").epochs == 3


def test_a_stage_whose_predecessor_is_put_aside_is_not_repeated(workspace: Workspace):
    run = make_run(workspace.path, [0.5, 1, 2])
    run.archive_stage("stage1")
    page = Pages().open("train")
    page.session_state["train-made-stage2"] = True  # opens it, if it is there
    page.run()
    assert not page.number_input
    before = run.protocol
    with pytest.raises(RunError, match="to be trained before"):
        run_panel._train_with(run, "stage2", {"epochs": 3})
    assert run.protocol == before


def test_settings_that_only_the_shell_takes_can_be_seen(workspace: Workspace):
    run = make_run(workspace.path, [0.5])
    jobs.change_stage(run, "baseline", epochs=2000, learning_rate=1e-12)
    page = Pages().open("train")
    page.session_state["train-made-baseline"] = True  # opens it
    page.run()
    assert not page.exception
    assert page.number_input(key="again-made-baseline-epochs").value == 2000


@pytest.mark.parametrize("ahead", ["run", "cross-validation", "nothing"])
def test_a_run_that_waits_says_for_what(workspace: Workspace, ahead: str):
    at_work = RunStatus(state="running", requested=("final",))
    at_work = at_work.model_copy(update={"pid": os.getpid(), "process_started": began(os.getpid())})
    run = make_run(workspace.path, [0.5])
    if ahead == "run":
        workspace.create(LEAKFREE, run.config.data, name="first").write_status(at_work)
    elif ahead == "cross-validation":
        made_crossval.made(workspace.path, [7]).runs()[0].write_status(at_work)
    run.write_status(at_work.model_copy(update={"state": "queued"}))
    page = Pages()
    page.test.session_state[state.RUN] = "made"
    (bar,) = page.open("train").get("progress")
    said = bar.proto.text
    expected = {
        "run": "Run first trains now",
        "cross-validation": "Cross-validation made trains now",
        "nothing": "One moment",
    }
    assert expected[ahead] in said
    assert "Run made trains now" not in said


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("baseline", "the head"),
        ("stage1", "2 layers of block 5, head"),
        ("stage2", "block 5, head"),
        ("stage3", "blocks 4 and 5, head"),
        ("final", "all of VGG19"),
    ],
)
def test_what_trains_is_drawn_and_said(stage: str, words: str):
    found = LEAKFREE.stage(stage)
    assert stage_track.trains(found) == words
    coloured = stage_track.drawing(found, "#abcdef").count("#abcdef")
    assert (
        coloured == 1 + {"baseline": 0, "stage1": 2, "stage2": 4, "stage3": 8, "final": 16}[stage]
    )


def test_where_weights_come_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("VGG19_WEIGHTS", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert "random" in launch.where_from(None)
    monkeypatch.delenv("NEUROSTAGE_OFFLINE")
    assert "downloaded" in launch.where_from(None)
    monkeypatch.setenv("VGG19_WEIGHTS", "/somewhere/mine.h5")
    assert "mine.h5" in launch.where_from(None)
    assert "other.h5" in launch.where_from(Path("other.h5"))


def test_the_log_is_cut_to_its_end(workspace: Workspace):
    run = Run(workspace.path / "runs" / "x")
    assert run_panel.log_tail(run) == "Nothing yet."
    run.path.mkdir(parents=True)
    talk = "\nI0000 00:00:1795.47 29776 port.cc:153] oneDNN custom operations are on."
    (run.path / "log.txt").write_text("first\n" + "x" * run_panel.LOG_BYTES + talk + "\nlast")
    tail = run_panel.log_tail(run)
    assert tail.endswith("last")
    assert "first" not in tail
    assert "oneDNN" not in tail
