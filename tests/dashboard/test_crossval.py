"""The Cross-validate page: setting one up, following it, and reading its table."""

import pytest
from made_crossval import made
from pages import spied, texts

from core.evaluation.pooled import pool
from core.training import jobs
from core.training.runs import RunStatus
from core.training.workspace import Workspace
from dashboard import state
from dashboard.components import crossval_launch, metrics_table


def html(page, kind):
    """The piece of HTML of this class."""
    return next(e.proto.body for e in page.html if f'class="{kind}' in e.proto.body)


def test_without_one_it_says_what_will_appear_and_how(pages):
    page = pages.open("crossval")
    assert "each once" in texts(page)
    assert "Set it up" in [button.label for button in page.button]


def test_the_table_says_what_the_predictions_say(pages, workspace: Workspace):
    pooled = pool(made(workspace.path, (3, 4)))
    page = pages.open("crossval")
    assert not page.exception
    assert not page.error
    shown = html(page, "numbers")
    for stage in pooled.stages:
        assert stage.title in shown
        assert metrics_table.value("accuracy", stage.accuracy) in shown
        assert metrics_table.interval("auc", stage.intervals["auc"]) in shown
    said = texts(page)
    assert "60 scans, 30 of them independent" in said
    assert "Means over 2 repetitions" in said
    assert "**Finished**" in said
    assert len(page.get("plotly_chart")) == 2
    again = page.dataframe[0].value.set_index("Stage")
    assert list(again.columns) == ["Seed 3", "Seed 4"]
    expected = metrics_table.value("accuracy", pooled.stage("stage1").by_seed[1].accuracy)
    assert again.loc["Stage 1", "Seed 4"].startswith(expected)
    assert pooled.doubts
    for doubt in pooled.doubts:
        assert f"{doubt.file}  \nlabelled **{doubt.label}**" in said.replace("\\", "")


def test_nothing_is_read_or_written_again_where_nothing_has_changed(
    pages, workspace: Workspace, monkeypatch
):
    made(workspace.path, (3, 4))
    page = pages.open("crossval")
    asked = spied(monkeypatch)
    assert not page.run().exception
    assert asked == []


@pytest.mark.parametrize(
    ("state_of_fold", "said", "button"),
    [("stopped", "Stopped", "Resume"), ("interrupted", "Interrupted", "Resume")],
)
def test_what_has_ended_before_its_end_can_be_resumed(
    pages, workspace: Workspace, state_of_fold, said, button
):
    crossval = made(workspace.path, (3,))
    status = RunStatus(state=state_of_fold, requested=("stage1",))
    crossval.runs()[1].write_status(status)
    page = pages.open("crossval")
    assert f"**{said}**" in texts(page)
    assert button in [shown.label for shown in page.button]
    assert "2 of 3 folds" in page.get("progress")[0].proto.text


def test_it_is_set_up_on_train_and_stopped_on_its_page(new_run, workspace: Workspace):
    page = new_run.test
    page.segmented_control(key=state.HOW_OFTEN).set_value(crossval_launch.FOLDED).run()
    page.number_input(key=state.REPETITIONS).set_value(2)
    page.text_input(key=state.NEW_RUN).set_value("folded").run()
    labels = [button.label for button in page.button]
    assert "Train all five stages" not in labels
    page.button[labels.index("Cross-validate the baseline only")].click().run()
    crossval = workspace.crossval("folded")
    try:
        assert (crossval.config.folds, crossval.config.seeds) == (5, (7, 8))
        assert workspace.runs() == []
        assert page.title[0].value == "Cross-validate"
        new_run.open("crossval")  # a test forgets at its next run where a script has led it
        new_run.until(lambda page: "Fold 1 of 10: " in texts(page), seconds=300)
        stop = next(button for button in page.button if button.label == "Stop training")
        stop.click().run()
        new_run.until(lambda _: not crossval.status.active, seconds=300)
    finally:
        if crossval.status.active:
            jobs.stop(crossval)
            jobs.wait(crossval, 300)
    page.run()
    assert crossval.status.state == "stopped"
    assert "Resume" in [button.label for button in page.button]
