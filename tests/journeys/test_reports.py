"""Scans dropped on the page, one of them no scan, and what is filed of them."""

from pathlib import Path

import pytest
from explained import explainable, nifti, png, save_model
from playwright.sync_api import Browser, Page, expect

from core.training.runs import Run
from tests.journeys.conftest import Server

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Run:
    return explainable(server.workspace, save_model(tmp_path / "model.keras"))


def saved(page: Page, place: str, kind: str, folder: Path) -> Path:
    """Download a kind of report by its button, under the name that it comes with.

    While a page is drawn anew the server may let go of its files for a moment.
    """
    expect(page.locator('.stApp[data-test-script-state="notRunning"]')).to_be_visible()
    with page.expect_download() as download:
        page.locator(place).get_by_role("button", name=kind.upper(), exact=True).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_two_files_one_of_them_bad_and_their_reports(
    page: Page, browser: Browser, server: Server, run: Run, tmp_path: Path
):
    good, bad = tmp_path / "=good & <b>bold<.png", tmp_path / "=bad.dcm"
    good.write_bytes(png(1))
    bad.write_bytes(b"no picture at all")
    page.goto(f"{server.url}/explain?run={run.name}")
    page.locator("input[type=file]").set_input_files([good, bad])
    expect(page.get_by_text("2 scans")).to_be_visible()

    page.get_by_text("Report of all").click()
    page.get_by_role("button", name="Write it: 2 scans").click()
    expect(page.locator(".st-key-batch")).to_contain_text("2 answers, 1 without an answer.")
    files = {kind: saved(page, ".st-key-batch", kind, tmp_path) for kind in ("html", "pdf", "csv")}
    assert {path.name for path in files.values()} == {
        f"made-baseline-report.{kind}" for kind in files
    }
    assert files["pdf"].read_bytes().startswith(b"%PDF-")
    assert b"'=bad.dcm" in files["csv"].read_bytes()

    report = browser.new_page()  # of its own: the pages' browser may open nothing but pages
    asked: list[str] = []
    wrong: list[str] = []
    report.on("request", lambda request: asked.append(request.url))
    report.on("console", lambda message: wrong.append(message.text))
    report.goto(files["html"].as_uri())
    expect(report.get_by_role("heading", level=1)).to_have_text("Report on 2 scans")
    names = report.locator("td.file bdi").all_inner_texts()
    assert names == [good.name, bad.name]
    expect(report.locator("header .notice")).to_have_text("Research use only, not for diagnosis.")
    expect(report.locator("article .call").last).to_have_text("Not readable")
    sizes = report.locator("article figure > img:first-child").evaluate_all(
        "pictures => pictures.map(picture => picture.naturalWidth)"
    )
    assert sizes == [80, 80]  # the scan, and its map
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert wrong == []
    report.close()

    page.get_by_text("Report", exact=True).click()
    single = saved(page, ".st-key-scan-report", "pdf", tmp_path)
    assert single.name.endswith("-report.pdf")
    assert single.read_bytes().startswith(b"%PDF-")
    assert "good" not in server.log.read_text()


def test_every_slice_of_a_volume_and_a_click_that_shows_one(
    page: Page, server: Server, run: Run, tmp_path: Path
):
    nifti(tmp_path)
    page.goto(f"{server.url}/explain?run={run.name}")
    page.locator("input[type=file]").set_input_files(tmp_path / "volume.nii.gz")
    expect(page.get_by_text("Slice 3 of 5")).to_be_visible()
    page.locator("summary").filter(has_text="Every slice").click()
    page.get_by_role("button", name="Score all 5 slices").click()
    expect(page.locator("[class*=st-key-slices-strip-] svg").first).to_be_visible()
    table = page.locator(".st-key-slices-list canvas").first
    table.scroll_into_view_if_needed()
    first = page.locator(".st-key-slices-list").get_by_test_id("glide-cell-2-0").inner_text()
    assert first != "3"
    box = table.bounding_box()
    assert box
    page.mouse.click(box["x"] + 16, box["y"] + 54)
    expect(page.get_by_text(f"Slice {first} of 5")).to_be_visible()
    page.get_by_role("slider").first.press("ArrowLeft" if first == "5" else "ArrowRight")
    expect(page.get_by_text(f"Slice {first} of 5")).to_have_count(0)
    # The list follows the slider: a click on its row means something once it is no more marked.
    row = page.locator(".st-key-slices-list").get_by_role("row", selected=True, include_hidden=True)
    expect(row.get_by_test_id("glide-cell-2-0")).to_have_count(0)
    expect(row).to_have_count(1)
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box
    page.mouse.click(box["x"] + 16, box["y"] + 54)
    expect(page.get_by_text(f"Slice {first} of 5")).to_be_visible()
