"""The reader's own call on an answer, and the note that goes with it."""

import hashlib
from pathlib import Path

import pytest
from explained import blank, drop, explainable, png, press
from pages import Pages, texts
from streamlit.testing.v1 import AppTest

from core.readings.log import Log
from core.training.runs import Run
from core.training.workspace import Workspace


@pytest.fixture
def run(workspace: Workspace, stamp_model: Path) -> Run:
    """One finished stage with a real network, and the scans of its split."""
    return explainable(workspace, stamp_model)


def test_a_call_is_stored_with_the_prediction_and_nothing_else_of_the_scan(
    pages: Pages, run: Run, workspace: Workspace
):
    page = drop(pages.open("explain"), ("anna-smith.png", png(1)))
    assert "No names, dates, numbers" in texts(page)
    note(page).set_value("bright rim")
    press(page, "Disagree")
    (reading,) = Log(workspace.readings).contents().readings
    assert (reading.call, reading.note) == ("disagree", "bright rim")
    assert reading.scan_sha256 == hashlib.sha256(png(1)).hexdigest()
    assert reading.model_sha256 == run.metrics("baseline")["model_sha256"]
    assert reading.label in run.classes
    assert "anna" not in Log(workspace.readings).path.read_text()
    assert "Called **disagree**" in texts(page)
    assert note(page).value == ""
    press(page, "Agree")
    assert "Called **agree**" in texts(page)
    assert len(Log(workspace.readings).contents().readings) == 2


@pytest.mark.usefixtures("run")
def test_a_note_is_kept_until_it_is_written_or_the_desk_is_cleared(pages: Pages):
    page = drop(pages.open("explain"), ("one.png", png(1)), ("two.png", png(2)))
    note(page).set_value("bright rim").run()
    look_at(page, 1)
    assert note(page).value == ""
    look_at(page, 0)
    assert note(page).value == "bright rim"
    pages.open("readings")
    page = pages.open("explain")
    look_at(page, 0)
    assert note(page).value == "bright rim"
    press(page, "Agree")
    assert "Called **agree**" in texts(page)
    assert note(page).value == ""
    look_at(page, 1)
    look_at(page, 0)
    assert note(page).value == ""

    note(page).set_value("second thoughts").run()
    press(page, "Clear the desk")
    drop(page, ("one.png", png(1)))
    assert note(page).value == ""


@pytest.mark.usefixtures("run")
def test_what_has_no_answer_cannot_be_called(pages: Pages):
    page = drop(pages.open("explain"), ("blank.png", blank()))
    assert "Agree" not in [button.label for button in page.button]


@pytest.mark.usefixtures("run")
def test_a_broken_log_is_said_and_no_call_is_added(pages: Pages, workspace: Workspace):
    page = press(drop(pages.open("explain"), ("one.png", png(1))), "Agree")
    log = Log(workspace.readings)
    log.path.write_text(log.path.read_text().replace('"agree"', '"unsure"'))
    page = press(page, "Disagree")
    assert "line 1 was changed" in texts(page)
    assert len(log.path.read_text().splitlines()) == 1


def look_at(page: AppTest, row: int) -> None:
    """Select a scan in the first list of the session."""
    page.session_state["worklist-1"] = {"selection": {"rows": [row]}}
    page.run()
    assert not page.exception


def note(page: AppTest):
    return next(field for field in page.text_input if field.label == "Note")
