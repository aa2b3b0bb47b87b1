"""Back, and links: pages come as they were left, and of the run that was meant."""

import os
import shutil

import pytest
from made_run import make_run
from playwright.sync_api import Page, expect

from core.process import began
from core.training.run_library import annotate
from core.training.runs import Run, RunStatus
from tests.journeys.conftest import Server

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def run(server: Server) -> Run:
    """The run that is listed first; there is another, "old", with the same three stages."""
    made = make_run(server.workspace.path, [0.4, 1.3, 1.2])
    shutil.copytree(made.path, made.path.with_name("old"))
    return made


def turn_to(page: Page, name: str) -> None:
    """Another page, by the bar at the top."""
    page.get_by_test_id("stTopNav").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def back(page: Page, name: str) -> None:
    """Back to another page; a control in the address may have left more than one entry of it."""
    page.go_back()
    while not page.url.partition("?")[0].endswith(f"/{name.lower()}"):
        page.go_back()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def expect_chosen(page: Page, run: str, *chosen: str) -> None:
    """What is in use, of the runs and elsewhere on the page."""
    expect(page.get_by_role("combobox", name="Run")).to_have_value(run)
    for name in chosen:
        expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()
    expect(page.get_by_text("did not foresee")).to_have_count(0)


def expect_stage(page: Page, run: str, stage: str) -> None:
    """Which network is asked."""
    expect_chosen(page, run)
    expect(page.get_by_role("combobox", name="Stage")).to_have_value(stage)


@pytest.mark.usefixtures("run")
def test_back_comes_to_what_was_shown(page: Page, server: Server):
    page.goto(f"{server.url}/compare")
    expect_chosen(page, "made", "Test", "Stage 1", "False negatives")
    turn_to(page, "Data")
    back(page, "Compare")
    expect_chosen(page, "made", "Test", "Stage 1", "False negatives")

    turn_to(page, "Explain")
    expect_stage(page, "made", "Stage 1")
    turn_to(page, "Readings")
    back(page, "Explain")
    expect_stage(page, "made", "Stage 1")


@pytest.mark.usefixtures("run")
def test_what_an_address_opens_and_what_is_chosen_stay_in_use(page: Page, server: Server):
    page.goto(f"{server.url}/compare?run=old&stage=Stage+2")
    expect_chosen(page, "old", "Test", "Stage 2")
    turn_to(page, "Explain")
    expect_stage(page, "old", "Stage 2")
    back(page, "Compare")
    expect_chosen(page, "old", "Test", "Stage 2")

    page.get_by_text("Validation", exact=True).click()
    expect_chosen(page, "old", "Validation", "Stage 2")
    turn_to(page, "Data")
    back(page, "Compare")
    expect_chosen(page, "old", "Validation", "Stage 2")


def test_the_line_on_the_training_leads_to_the_run_that_trains(
    page: Page, server: Server, run: Run
):
    annotate(run, title="Tonight")
    status = RunStatus(state="running", requested=("final",), pid=os.getpid())
    run.write_status(status.model_copy(update={"process_started": began(os.getpid())}))
    page.goto(f"{server.url}/compare?run=old")
    expect_chosen(page, "old")
    page.locator(".st-key-training-line").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1, name="Train")).to_be_visible()
    expect_chosen(page, "Tonight")
    turn_to(page, "Compare")
    expect_chosen(page, "Tonight")
    run.write_status(RunStatus(state="finished"))


@pytest.mark.usefixtures("run")
def test_back_keeps_what_was_set_on_a_figure(page: Page, server: Server):
    page.goto(f"{server.url}/compare")
    percent = page.get_by_role("switch", name="Per cent of each row")
    page.get_by_text("Per cent of each row").click()
    expect(percent).to_be_checked()
    turn_to(page, "Data")
    back(page, "Compare")
    expect(percent).to_be_checked()

    page.get_by_role("tab", name="Thresholds").click()
    wanted = page.get_by_role("spinbutton", name="Find at least (% of positives)")
    wanted.fill("80")
    wanted.press("Enter")
    expect(page.get_by_text("finds 80 % of the")).to_be_visible()
    turn_to(page, "Data")
    back(page, "Compare")
    expect(page.get_by_role("tab", name="Thresholds")).to_have_attribute("aria-selected", "true")
    expect(wanted).to_have_value("80.0")
