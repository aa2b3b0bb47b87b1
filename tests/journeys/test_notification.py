"""The end of a training reaches who looks elsewhere, if they wished it."""

import os

import pytest
from made_run import make_run
from playwright.sync_api import Browser, expect

from core.process import began
from core.training.runs import RunStatus
from tests.journeys.conftest import PATIENCE, Server

pytestmark = pytest.mark.timeout(600)

# A browser without a screen shows no notifications; what it is asked to show is written down.
STAND_IN = """
window.shown = []
window.Notification = class {
  static permission = "default"
  static async requestPermission() { return (this.permission = "granted") }
  constructor(title, options) { window.shown.push([title, options.body, options.tag]) }
}
document.hasFocus = () => false
// A toast goes by itself, and on a slow machine before anybody has looked.
window.toasts = []
new MutationObserver(() => {
  for (const toast of document.querySelectorAll('[data-testid="stToast"]'))
    window.toasts.push(toast.textContent)
}).observe(document, { childList: true, subtree: true, characterData: true })
"""


def test_a_notification_where_it_was_wished_for(browser: Browser, server: Server):
    run = make_run(server.workspace.path, [0.4, 1.3])
    working = RunStatus(state="running", requested=("final",), pid=os.getpid())
    run.write_status(working.model_copy(update={"process_started": began(os.getpid())}))
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    context.add_init_script(STAND_IN)
    pages = {name: context.new_page() for name in ("wished", "not")}
    for name, page in pages.items():
        page.goto(f"{server.url}/{'data' if name == 'wished' else 'readings'}")
        expect(page.get_by_role("button", name="Notify me when it ends")).to_be_visible()
    wished = pages["wished"].get_by_role("button", name="Notify me when it ends")
    wished.click()
    expect(wished).to_be_hidden()
    run.write_status(RunStatus(state="finished"))
    for page in pages.values():
        page.wait_for_function("window.toasts.some(t => t.includes('Run made: finished'))")
    pages["wished"].wait_for_function("window.shown.length === 1")
    pages["wished"].get_by_role("link", name="Home").click()
    expect(pages["wished"].get_by_role("heading", name="NeuroStage")).to_be_visible()
    assert pages["wished"].evaluate("window.shown") == [["Run made: finished", "", "made"]]
    assert pages["not"].evaluate("window.shown") == []
    context.close()
