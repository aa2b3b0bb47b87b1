"""Training outlives the page: started in one tab, watched and stopped from another."""

from pathlib import Path

import pytest
from pages import draw_scans
from playwright.sync_api import Page, expect
from served import Server

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    return draw_scans(tmp_path / "scans", each=8)


def choose_folder(page: Page, folder: Path) -> None:
    """Type the path of a folder on the Data page."""
    field = page.get_by_label("Folder of scans").last
    field.fill(str(folder))
    field.press("Enter")


def test_from_a_folder_to_a_run_that_is_stopped_in_another_tab(
    page: Page, server: Server, scans: Path
):
    page.get_by_role("button", name="Choose a folder").click()
    choose_folder(page, scans)
    expect(page.get_by_text("yes (positive)")).to_be_visible()
    expect(page.get_by_role("img", name="Scan of class yes").first).to_be_visible()

    page.get_by_role("tab", name="Split").click()
    expect(page.get_by_text("No picture has a near copy in another part")).to_be_visible()
    page.get_by_role("link", name="Go on to training").click()

    page.get_by_role("button", name="Train the baseline only").click()
    expect(page.get_by_role("button", name="Stop training")).to_be_visible()
    run = server.workspace.runs()[0]
    assert run.status.active

    context = page.context
    page.close()
    server.stop()
    assert run.status.active
    server.start()

    other = context.new_page()
    other.goto(f"{server.url}/train?run={run.name}")
    other.get_by_role("button", name="Stop training").click()
    expect(other.get_by_role("button", name="Resume")).to_be_visible()
    assert run.status.state == "stopped"

    other.get_by_role("button", name="Resume").click()
    expect(other.get_by_role("button", name="Stop training")).to_be_visible()
    assert run.status.active


def test_the_folder_browser_leads_to_a_folder(page: Page, scans: Path):
    page.get_by_role("button", name="Choose a folder").click()
    choose_folder(page, scans.parent)
    expect(page.get_by_text("Expected was")).to_be_visible()
    page.get_by_role("button", name="Browse").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="scans").click()
    expect(dialog.get_by_text("2 folders and 0 files")).to_be_visible()
    dialog.get_by_role("button", name="Use this folder").click()
    expect(page.get_by_text("yes (positive)")).to_be_visible()
