"""From a folder of scans to trained stages, to their comparison, to an explained scan."""

import json
from pathlib import Path

import pytest
from pages import draw_scans
from playwright.sync_api import Page, expect

from core.config import Head, Input, Protocol
from core.data.index import index_folder
from core.protocols import LEAKFREE
from core.training import jobs
from core.training.runs import Run
from tests.journeys.conftest import Server

pytestmark = pytest.mark.timeout(1500)

PATIENCE = 600_000
"""Milliseconds, for what takes seconds on a computer with nothing else to do."""


def stamp_sized() -> Protocol:
    """All five stages, on pictures so small that a test can wait for them."""
    small = LEAKFREE.model_copy(
        update={
            "input": Input(size=32, scaling="imagenet"),
            "head": Head(units=(8, 4)),
            "augmentation": LEAKFREE.augmentation.model_copy(
                update={"positive_views": 0, "negative_views": 0}
            ),
        }
    )
    for stage in small.stages:
        small = small.with_stage(stage.name, epochs=1, steps_per_epoch=1)
    return small


def new_run(server: Server, folder: Path) -> Run:
    """A run that is set up and not started, each scan a group of its own."""
    dataset = index_folder(folder)
    groups = {entry.file: number for number, entry in enumerate(dataset.entries)}
    return jobs.create_run(server.workspace, dataset, stamp_sized(), groups)


def test_from_a_folder_to_an_explained_scan(page: Page, server: Server, tmp_path: Path):
    scans = draw_scans(tmp_path / "scans", each=7)

    page.get_by_role("button", name="Choose a folder").click()
    field = page.get_by_label("Folder of scans").last
    field.fill(str(scans))
    field.press("Enter")
    expect(page.get_by_text("yes (positive)")).to_be_visible(timeout=PATIENCE)

    run = new_run(server, scans)
    page.goto(f"{server.url}/train?run={run.name}")
    page.get_by_role("button", name="Train all stages").click()
    page.get_by_role("button", name="Compare stages").click(timeout=PATIENCE)
    assert run.finished_stages() == [stage.name for stage in run.protocol.stages]

    expect(page.get_by_role("heading", name="Keep")).to_be_visible()
    true_negatives_of_baseline = page.locator(".st-key-confusion .points path").first
    expect(true_negatives_of_baseline).to_be_attached()
    box = true_negatives_of_baseline.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("radio", name="True negatives")).to_be_checked()
    expect(page.get_by_role("radio", name="Baseline")).to_be_checked()
    for name in ("Epochs", "Validation and test", "Thresholds", "Numbers", "Two stages"):
        page.get_by_role("tab", name=name, exact=True).click()
        expect(page.get_by_role("tabpanel", name=name).locator("svg, table").first).to_be_visible()

    page.get_by_role("link", name="Explain").click()
    page.get_by_role("button", name="yes/").first.click()
    expect(page.locator(".st-key-light-box img")).to_be_visible()
    expect(page.locator(".verdict")).to_contain_text("Baseline calls yes/")

    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"DICM, but no more than that")
    uploader = page.locator("input[type=file]")
    expect(uploader).to_have_count(1)  # the one of the empty desk has gone
    uploader.set_input_files([scans / "no" / "1.png", broken])
    expect(page.get_by_text("3 scans")).to_be_visible()
    expect(page.locator(".verdict")).to_contain_text("1.png")
    shown = page.locator(".st-key-light-box img").get_attribute("src")
    page.keyboard.press("h")
    expect(page.get_by_role("button", name="Show")).to_be_visible()
    expect(page.locator(".st-key-light-box img")).not_to_have_attribute("src", shown)

    with page.expect_download() as download:
        page.get_by_role("button", name="Result").click()
    record = json.loads(Path(download.value.path()).read_text())
    result = record["results"][0]
    assert (record["run"], record["stage"]) == (run.name, "baseline")
    assert result["label"] in run.classes
    assert result["label"] in page.locator(".verdict").inner_text()
    assert "broken" not in server.log.read_text()
