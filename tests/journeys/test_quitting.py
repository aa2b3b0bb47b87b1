"""The last thing seen: a farewell that stays, in every tab, whoever ended the program."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.training.workspace import Workspace
from dashboard import server
from tests.journeys.conftest import PATIENCE

pytestmark = pytest.mark.timeout(600)


@contextmanager
def program(workspace: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """NeuroStage as a program of the desktop, without a window."""
    started = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--no-window"],
        cwd=server.ROOT,
        env=os.environ
        | {"NEUROSTAGE_WORKSPACE": str(workspace), "STREAMLIT_SERVER_PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert started.stdout
        assert f":{port}" in started.stdout.readline()
        yield started
    finally:
        started.terminate()
        started.wait(30)
        if left := server.running(Workspace(workspace)):
            os.kill(left.pid, 9)


def test_after_quitting_every_tab_shows_a_farewell_and_comes_back_if_it_may(
    browser: Browser, tmp_path: Path
):
    port = server.free_port(0)
    url = f"http://{server.ADDRESS}:{port}"
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    with program(tmp_path / "workspace", port) as started:
        quitter, other = context.new_page(), context.new_page()
        other.goto(f"{url}/train?task=runs")
        expect(other.get_by_role("heading", name="Train", exact=True)).to_be_visible()
        quitter.goto(url)
        quitter.get_by_role("button", name="Quit").click()
        quitter.get_by_role("dialog").get_by_role("button", name="Quit").click()
        expect(quitter.get_by_text("You can close this window")).to_be_visible()
        assert started.wait(60) == 0
        expect(other.get_by_text("this page comes back by itself")).to_be_visible()
        other.wait_for_timeout(5000)  # what is told then is what stays
        for page in (quitter, other):
            expect(page.get_by_role("heading")).to_have_text("NeuroStage has ended")
            assert not page.get_by_role("dialog").count()
            assert not page.get_by_text("Connection error").count()
    with program(tmp_path / "workspace", port):
        expect(other.get_by_role("heading", name="Train", exact=True)).to_be_visible()
        assert other.url == f"{url}/train?task=runs"
        expect(quitter.get_by_text("You can close this window")).to_be_visible()
    context.close()
