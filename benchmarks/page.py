"""How long the dashboard lets one wait: `python -m benchmarks page --workspace PATH`.

Two figures, both in Chromium. From the start of the program to its first page, all of it
painted; the browser is open already. And from a click to the page at rest, where nothing new has
to be computed: each click is made once before it counts. The library holds copies of a finished
run of the workspace. Medians are what counts. How much slower everything is than it would be
on a machine with nothing else to do stands beside them: time that passed over processor time,
of a calculation that only calculates.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks._lines import say
from core.training.workspace import Workspace
from dashboard import server

PATIENCE = 120_000
"""Milliseconds."""
_TAB = '[role="tab"]:has-text("{}")'
_COMPARE = 'a[href$="/compare"]'
CLICKS: dict[str, tuple[str, ...]] = {
    "pages of text and tables": ('a[href$="/readings"]', 'a[href$="/card"]'),
    "a page with figures": ('a[href$="/train"]', _COMPARE),
    "a tab with figures": (_COMPARE, *map(_TAB.format, ("Epochs", "Thresholds", "Matrices"))),
    "a cell's scans": (
        _COMPARE,
        'button:has-text("True negatives")',
        'button:has-text("False positives")',
    ),
}
"""By what is timed: where to begin, then what is clicked in turn."""

AT_REST = """async (element) => {
  const app = document.querySelector('.stApp')
  const frame = () => new Promise(requestAnimationFrame)
  let changed = false
  // What a table keeps in its canvas is for screen readers; it comes late and is not seen.
  const seen = (change) => !change.target.closest?.('canvas')
  const observer = new MutationObserver((changes) => { changed ||= changes.some(seen) })
  observer.observe(app, {subtree: true, childList: true, attributes: true, characterData: true})
  const start = performance.now()
  let [painted, quiet] = [start, start]
  element.click()
  while (app.dataset.testScriptState !== 'notRunning' || performance.now() - quiet < 1000) {
    await frame()
    if (changed) {
      changed = false
      await frame()
      painted = quiet = performance.now()
    }
  }
  observer.disconnect()
  return painted - start
}"""
"""Clicks an element; returns milliseconds until the last change of the page was painted.

A second without a change ends the wait. What the page says of its script would not do: a script
that is quick begins and ends between two frames.
"""


def slowdown() -> float:
    """By how much other work on the machine slows a calculation down: 1 is not at all."""
    passed, used = time.perf_counter(), time.process_time()
    while time.process_time() - used < 1:
        sum(range(10_000))
    return (time.perf_counter() - passed) / (time.process_time() - used)


def library(finished: Path, workspace: Path, runs: int) -> None:
    """Fill a workspace with copies of a run that is finished; models are not copied."""
    run = next(run for run in Workspace(finished).runs() if run.finished_stages())
    for number in range(runs):
        copy = Workspace(workspace).path / "runs" / f"copy-{number:02d}"
        shutil.copytree(run.path, copy, ignore=shutil.ignore_patterns("*.keras", "*.npy"))


@contextmanager
def program(workspace: Path) -> Iterator[str]:
    """NeuroStage as a person starts it, less its window; yields where it is, once it answers."""
    started = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--no-window"],
        cwd=server.ROOT,
        env=os.environ | {"NEUROSTAGE_WORKSPACE": str(workspace)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        # It says where it is when it is ready: "NeuroStage is open: http://…".
        yield (started.stdout.readline() if started.stdout else "").split(": ")[1].strip()
    finally:
        started.terminate()
        started.wait(30)
        if server.running(Workspace(workspace)):
            raise SystemExit("The server did not end, and the next start would find it.")


def at_rest(page: Page) -> None:
    """Wait until the first page is there as a whole."""
    page.get_by_role("heading", name="NeuroStage").wait_for()
    page.locator('.stApp[data-test-script-state="notRunning"]').wait_for()


def first_page(browser: Browser, workspace: Path) -> tuple[float, float]:
    """Seconds from the start to a server that answers, and to the first page painted."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    began = time.perf_counter()
    with program(workspace) as url:
        answered = time.perf_counter() - began
        page.goto(url)
        at_rest(page)
        painted = time.perf_counter() - began
        page.close()
    return answered, painted


def clicks(page: Page, url: str, kind: str, rounds: int) -> list[float]:
    """Milliseconds of clicks of a kind, in turn; the first round does not count."""
    begin, *rest = CLICKS[kind]
    page.goto(url)
    at_rest(page)
    page.locator(begin).first.click()
    page.wait_for_timeout(3000)
    steps = [*rest, begin] if "page" in kind else rest
    times = []
    for number in range(rounds + 1):
        for step in steps:
            took = page.locator(step).first.evaluate(AT_REST)
            page.wait_for_timeout(150)
            if number:
                times.append(took)
    return times


def main(arguments: Sequence[str] | None = None) -> None:
    """Time it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks page", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="with a finished run")
    parser.add_argument("--runs", type=int, default=50, help="in the library; default 50")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=8, help="of clicks of each kind")
    asked = parser.parse_args(arguments)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        workspace = Path(folder)
        library(asked.workspace, workspace, asked.runs)
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        say(f"{asked.runs} runs; {os.cpu_count()} cores; slowed down by {slowdown():.1f}")
        starts = [first_page(browser, workspace) for _ in range(asked.starts)]
        for name, seconds in zip(
            ("server answers", "first page painted"), zip(*starts, strict=True), strict=True
        ):
            say(f"{name:26} median {statistics.median(seconds):5.2f} s"
                f"  ({min(seconds):.2f} to {max(seconds):.2f})")  # fmt: skip
        with program(workspace) as url:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(PATIENCE)
            for kind in CLICKS:
                took = clicks(page, url, kind, asked.rounds)
                say(f"{kind:26} median {statistics.median(took):5.0f} ms"
                    f" ({min(took):.0f} to {max(took):.0f}, {len(took)} clicks)")  # fmt: skip
        browser.close()
        say(f"at the end slowed down by {slowdown():.1f}")
