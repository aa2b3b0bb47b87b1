"""Scans at the desk: many at once, found through a figure, and never those of somebody else."""

import re
import shutil
from pathlib import Path

import pytest
from made_run import add_network, make_run, predictions
from playwright.sync_api import Browser, Page, expect

from core.training.runs import Run
from tests.journeys.conftest import PATIENCE, Server

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def run(server: Server) -> Run:
    """One finished stage with a network that answers."""
    return add_network(make_run(server.workspace.path, [1.0]), ["baseline"])


def scans(run: Run) -> list[Path]:
    return sorted(Path(run.config.data.root).glob("test/*.png"))


def cells(page: Page, text: str):
    """Cells of the list of scans with exactly this text."""
    return page.locator('[class*="st-key-worklist-"] [role="gridcell"]').filter(has_text=text)


def drop(page: Page, files: list[Path]) -> None:
    page.locator("input[type=file]").first.set_input_files(files)


def test_of_ten_files_dropped_at_once_the_two_bad_ones_are_named(
    page: Page, server: Server, run: Run, tmp_path: Path
):
    bad = [tmp_path / "letter.pdf", tmp_path / "broken.png"]
    for file in bad:
        file.write_bytes(b"no picture at all")
    page.goto(f"{server.url}/explain?run={run.name}")
    drop(page, [*scans(run)[:4], *bad, *scans(run)[4:8]])
    expect(page.get_by_text("10 scans")).to_be_visible()
    for bad_file in ("letter.pdf", "broken.png"):
        expect(cells(page, bad_file)).to_have_count(1)
    expect(page.locator(".verdict")).to_contain_text("000.png")


def test_from_a_cell_of_a_matrix_to_its_scans_to_an_explanation(
    page: Page, server: Server, run: Run
):
    page.goto(f"{server.url}/compare?run={run.name}")
    false_positives = page.locator(".st-key-confusion .points path").nth(1)
    expect(false_positives).to_be_attached()
    box = false_positives.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("radio", name="False positives")).to_be_checked()
    table = run.predictions("baseline").query("split == 'test' and label == 'no_tumour'")
    wrong = table[table["probability"] >= 0.5].sort_values("probability", ascending=False)
    surest = wrong["file"].iloc[0]
    expect(page.get_by_text(f"{surest} is of class no_tumour")).to_be_visible()
    page.get_by_role("button", name="Explain this scan").click()
    expect(page.locator(".verdict")).to_contain_text(surest)
    expect(page.locator(".st-key-light-box img")).to_be_visible()
    page.get_by_text("How the stages saw it").click()
    expect(page.locator(".st-key-strip img")).to_have_count(1)
    page.get_by_text("Similar cases").click()
    expect(page.locator(".st-key-similar img").first).to_be_visible()
    page.get_by_role("button", name="Check this map fully").click()
    curves = page.get_by_role("img", name="Probability as the hottest parts are taken away")
    expect(curves.locator(".deletion")).to_have_css("mask-image", re.compile("image/svg"))
    expect(page.get_by_text("did not foresee")).to_have_count(0)


def test_two_browsers_with_two_runs_see_nothing_of_each_other(
    browser: Browser, server: Server, run: Run
):
    other = Run(run.path.with_name("other"))
    shutil.copytree(run.path, other.path, symlinks=True)
    worse = predictions(other.split(), 0.1, seed=9)
    worse.to_csv(other.stage_path("baseline") / "predictions.csv", index=False)
    expect.set_options(timeout=PATIENCE)
    pages = {}
    for number, name in enumerate((run.name, other.name)):
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.set_default_timeout(PATIENCE)
        pages[name] = context.new_page()
        pages[name].goto(f"{server.url}/explain?run={name}")
        expect(pages[name].get_by_role("heading", name="Explain")).to_be_visible()
        drop(pages[name], [scans(run)[number]])
        expect(pages[name].locator(".verdict")).to_contain_text(f"00{number}.png")
    for number, page in enumerate(pages.values()):
        page.get_by_role("link", name="Compare").click()
        expect(page.get_by_role("heading", name="Keep")).to_be_visible()
        page.get_by_role("link", name="Explain").click()
        expect(page.locator(".verdict")).to_contain_text(f"00{number}.png")
        expect(page.get_by_text("1 scan", exact=True)).to_be_visible()
        assert f"00{1 - number}.png" not in page.locator(".stApp").inner_text()
    for name, page in pages.items():
        expect(page.get_by_role("combobox", name="Run")).to_have_value(name)
        page.context.close()
