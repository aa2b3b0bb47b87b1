"""The Readings page: calls counted by model, disagreements, and a log that is what it was."""

from made_readings import answer, written
from made_run import make_run
from pages import Pages, texts

from core.readings.log import Log
from core.training import run_library
from core.training.workspace import Workspace
from dashboard import state


def shown(page) -> str:
    return "\n".join(element.proto.body for element in page.html) + texts(page)


def test_without_a_call_it_says_how_to_make_one(pages: Pages, workspace: Workspace):
    make_run(workspace.path, [0.5])
    page = pages.open("readings")
    assert "counted against the network" in texts(page)
    assert "Read a scan" in [button.label for button in page.button]


def test_calls_are_counted_and_disagreements_listed(pages: Pages, workspace: Workspace):
    run = make_run(workspace.path, [0.5])
    split = run.split()
    run.write_split(split.assign(sha256=split["file"].map(lambda file: f"of {file}")))
    log = written(workspace.readings, 4)  # agree, disagree, unsure, agree
    known = answer().model_copy(update={"scan_sha256": "of test/007.png"})
    log.append(known, "disagree", "rim")
    log.append(answer(1), "disagree", "second thoughts")
    page = pages.open("readings")
    assert not page.exception
    assert "<td>5</td>" in shown(page)
    assert "50.0 %" in shown(page)
    assert "no measure of accuracy" in texts(page)
    listed = page.dataframe[0].value
    assert listed["note"].tolist() == ["second thoughts", "rim"]
    assert listed["scan"].tolist()[1] == "test/007.png"
    assert listed["scan"].tolist()[0] == f"dropped, {answer(1).scan_sha256[:12]}"
    assert "chain of 6 lines is intact" in texts(page)


def test_calls_on_another_run_are_not_mixed_in(pages: Pages, workspace: Workspace):
    make_run(workspace.path, [0.5])
    Log(workspace.readings).append(answer(model="another's"), "agree")
    assert "Nobody has called an answer of this run" in texts(pages.open("readings"))


def test_calls_stay_with_their_models_whatever_the_run_is_called(
    pages: Pages, workspace: Workspace
):
    run = make_run(workspace.path, [0.5, 1])
    log = Log(workspace.readings)
    log.append(answer(1, model="sha-stage1"), "agree")
    run.archive_stage("stage1")
    renamed = run_library.rename(workspace, run, "renamed")
    log.append(answer(2).model_copy(update={"run": "renamed"}), "agree")
    assert shown(pages.open("readings")).count("model sha-") == 2
    for record in renamed.path.glob("*/*/metrics.json"):
        record.write_text(record.read_text().replace("sha-", "new-"))
    assert "Nobody has called an answer of this run" in texts(pages.open("readings"))


def test_disagreements_with_another_run_are_another_list(pages: Pages, workspace: Workspace):
    make_run(workspace.path, [0.5])
    make_run(workspace.path / "elsewhere", [0.5]).path.rename(workspace.path / "runs" / "other")
    lists = []
    for name in ("made", "other"):
        called = answer(model="sha-baseline").model_copy(update={"run": name})
        Log(workspace.readings).append(called, "disagree")
        pages.test.session_state[state.RUN] = name
        lists.append(pages.open("readings").dataframe[0].proto.id)
    assert len(set(lists)) == 2


def test_a_torn_line_and_a_broken_chain_are_said(pages: Pages, workspace: Workspace):
    make_run(workspace.path, [0.5])
    log = written(workspace.readings, 2)
    whole = log.path.read_text()
    log.path.write_text(whole + '{"call":"agr')
    page = pages.open("readings")
    assert "broken off after 12 bytes" in texts(page)
    assert not page.error
    log.path.write_text(whole.replace('"agree"', '"unsure"'))
    assert "line 1 was changed" in texts(pages.open("readings"))
