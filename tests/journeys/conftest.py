"""The dashboard as a person meets it: a real server, a real browser, a workspace of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import chromium
from playwright.sync_api import Browser, Page, Request, expect
from served import Server

PATIENCE = 180_000
"""Milliseconds."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; one for all journeys."""
    with chromium() as found:
        yield found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The dashboard, served; nothing of it is left at the end."""
    served = Server(tmp_path / "workspace")
    served.start()
    yield served
    served.stop()
    served.stop_training()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The first page in a fresh browser, which must never ask another host for anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    strangers: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((server.url, "data:", "blob:")):
            strangers.append(request.url)

    context.on("request", note)
    # Patience for a busy machine; nothing waits longer than it has to.
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    opened = context.new_page()
    opened.goto(server.url)
    expect(opened.get_by_role("heading", name="NeuroStage")).to_be_visible()
    yield opened
    context.close()
    assert not strangers
    assert "Traceback" not in server.log.read_text()
