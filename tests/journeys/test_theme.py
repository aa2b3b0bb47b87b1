"""Light and dark: by the browser's preference or by choice, readable in both."""

import pytest
from contrast import hard_to_read, rgb
from made_run import add_baselines, add_network, make_run
from playwright.sync_api import Browser, Page, expect

from core.reporting.figures.style import PALETTES, Look
from tests.journeys.conftest import PATIENCE, Server

pytestmark = pytest.mark.timeout(600)

PAGES = (
    *("", "data", "train", "explain", "crossval", "readings", "card"),
    *(f"compare?figures={tab}" for tab in ("Matrices", "Epochs", "Thresholds", "Numbers")),
    *("compare?figures=Validation+and+test", "compare?figures=Two+stages"),
)


def opened(browser: Browser, look: Look) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme=look)
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    return context.new_page()


def settle(page: Page) -> None:
    """Wait until the page is drawn."""
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator('.stApp[data-test-script-state="notRunning"]')).to_be_visible()
    page.wait_for_function(  # the styles of the page come with its first answer
        "getComputedStyle(document.documentElement).getPropertyValue('--page') !== ''"
    )


def expect_figures(page: Page, look: Look) -> None:
    """What stands below the axes of the matrices is in the ink of this look."""
    ink = ", ".join(map(str, rgb(PALETTES[look].muted)))
    expect(page.locator(".st-key-confusion .xtick text").first).to_have_css("fill", f"rgb({ink})")


@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_page_can_be_read(browser: Browser, server: Server, look: Look):
    made = make_run(server.workspace.path, [0.4, 1.3, 1.2])
    add_network(add_baselines(made, {"majority": 0, "features": 1}), made.finished_stages())
    page = opened(browser, look)
    for name in PAGES:
        page.goto(f"{server.url}/{name}")
        settle(page)
        if name.startswith("compare"):
            expect(page.get_by_role("heading", name="Keep")).to_be_visible()
        assert not hard_to_read(page), name
    page.goto(f"{server.url}/compare")
    expect_figures(page, look)
    page.goto(f"{server.url}/explain")
    file = {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"no picture at all"}
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("There is no picture to show.")).to_be_visible()
    settle(page)
    assert "no picture" not in " ".join(hard_to_read(page))  # beside it, much is switched off
    page.context.close()


def test_a_theme_is_chosen_for_all_pages_and_figures_follow_at_once(
    browser: Browser, server: Server
):
    make_run(server.workspace.path, [0.4, 1.3])
    page = opened(browser, "dark")
    page.goto(f"{server.url}/compare")
    expect_figures(page, "dark")
    page.emulate_media(color_scheme="light")
    expect_figures(page, "light")
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    expect_figures(page, "dark")
    page.keyboard.press("Escape")
    page.wait_for_function("localStorage['stActiveTheme-/train-v2'] === '\"Dark\"'")
    page.goto(f"{server.url}/train")
    settle(page)
    expect(page.locator(".stApp")).to_have_css("color-scheme", "dark")
    page.context.close()
