"""Pictures of every page in every state: `make screenshots`, for looking at them.

They go to `screenshots/`, which git ignores. The states are made from a finished demonstration:
empty, data only, training, ended by an error, done. One is trained first where none is given.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import made_crossval
from made_readings import answer
from playwright.sync_api import Page, sync_playwright
from served import ROOT, Server

from core.process import began
from core.readings.log import CALLS, Log
from core.training import jobs
from core.training.demonstration import start_demonstration
from core.training.runs import Run, RunStatus
from core.training.workspace import Workspace
from dashboard.tray import from_run

FOLDER = ROOT / "screenshots"
PATIENCE = 180_000
"""Milliseconds."""
TALLEST = 4000
"""Pixels; more of a page than that is not looked at."""
PAGES = ("", "data", "train", "compare", "crossval", "explain", "readings", "card")
TABS = ("Matrices", "Epochs", "Validation and test", "Thresholds", "Numbers", "Two stages")

Act = Callable[[Page], None]


@dataclass(frozen=True)
class View:
    """What is looked at: the name of its picture, its address, and what is done there first."""

    name: str
    address: str
    act: Act | None = None


def pages() -> list[View]:
    """All pages, as they open."""
    return [View(page or "home", page) for page in PAGES]


def empty(finished: Path, workspace: Path) -> list[View]:  # noqa: ARG001
    """Somebody's first minute."""
    return pages()


def data(finished: Path, workspace: Path) -> list[View]:
    """A folder is chosen and nothing is trained."""
    take(finished, workspace, "demonstration")
    tabs = ("Split", "Near copies", "Not read")
    return [
        View("home", ""),
        View("scans", "data"),
        *(View(tab.lower().replace(" ", "-"), f"data?show={tab}") for tab in tabs),
        View("browse", "data", lambda page: page.get_by_role("button", name="Browse").click()),
        View("train", "train"),
    ]


def training(finished: Path, workspace: Path) -> list[View]:
    """A run is at its third stage."""
    take(finished, workspace, "demonstration", "runs")
    halfway(Workspace(workspace).runs()[0])
    return [*pages()[:1], *pages()[2:4]]


def failed(finished: Path, workspace: Path) -> list[View]:
    """A run ended by an error, and the record of another is damaged."""
    take(finished, workspace, "demonstration", "runs")
    run = Workspace(workspace).runs()[0]
    halfway(run)
    words = "The disk is full: 2.1 GB were needed and 0.3 GB are free. Free some space and resume."
    run.write_status(run.status.model_copy(update={"state": "failed", "message": words}))
    shutil.copytree(run.path, run.path.with_name("damaged"))
    run.path.with_name("damaged").joinpath("config.json").write_text("{")
    (workspace / "recent.json").write_text(json.dumps([str(workspace)]))  # a folder without classes
    return [
        View("home", ""),
        View("data", "data"),
        View("train", f"train?run={run.name}"),
        View("train-damaged", "train?run=damaged"),
        View("compare-damaged", "compare?run=damaged"),
    ]


def done(finished: Path, workspace: Path) -> list[View]:
    """Everything there is to see."""
    take(finished, workspace, "demonstration", "runs")
    run = Workspace(workspace).runs()[0]
    made_crossval.made(workspace, seeds=(1, 2))
    log = Log(Workspace(workspace).readings)
    model = run.metrics("final")["model_sha256"]
    for number in range(12):
        said = answer(number, model=model).model_copy(update={"run": run.name, "stage": "final"})
        log.append(said, CALLS[number % 3], "a shadow, I should say" if number % 4 == 1 else "")
    tested = run.predictions("final").query("split == 'test' and label == @run.positive")
    scan = from_run(run, tested.sort_values("probability")["file"].iloc[-1])
    here = f"explain?run={run.name}&stage=Final&scan={scan.link}"
    return [
        *(view for view in pages() if view.name not in ("compare", "data")),
        View("home-chosen", f"?chosen={run.name}"),
        View("new-run", "train?task=New+run"),
        *(View(f"compare-{tab.split()[0].lower()}", f"compare?figures={tab}") for tab in TABS),
        View("explain-scan", here),
        View("explain-closer", here, open_parts),
        View("explain-dropped", f"explain?run={run.name}&stage=Final", drop(finished)),
    ]


STATES = (empty, data, training, failed, done)


def take(finished: Path, workspace: Path, *folders: str) -> None:
    """Copy what is worth looking at of a finished workspace, with its scans as those in use."""
    for folder in folders:
        shutil.copytree(finished / folder, workspace / folder)
    scans = workspace / "demonstration" / "scans"
    (workspace / "recent.json").write_text(json.dumps([str(scans)]))


def halfway(run: Run) -> None:
    """As if it were in its third stage, with this process as the one that trains."""
    names = [stage.name for stage in run.protocol.stages]
    for name in names[2:]:
        shutil.rmtree(run.stage_path(name))
    run.write_history(run.history()[lambda table: table["stage"].isin(names[:2])])
    status = RunStatus(
        state="running", requested=tuple(names[2:]), stage=names[2], activity="Training",
        epoch=1, epochs=2, step=61, steps=144, pictures_per_second=38.5, stage_seconds_left=95,
        run_seconds_left=420, pid=os.getpid(), process_started=began(os.getpid()),
        heartbeat=time.time(),
    )  # fmt: skip
    run.write_status(status)


def open_parts(page: Page) -> None:
    """Open what is computed only for those who ask."""
    for part in ("How the stages saw it", "Similar cases"):
        page.get_by_text(part).click()
        page.wait_for_timeout(1000)
        settle(page)
    page.locator(".st-key-similar img").first.wait_for()
    settle(page)


def drop(finished: Path) -> Act:
    """Drop four scans and two files that are none."""
    samples = sorted((finished / "demonstration" / "samples").iterdir())[:4]
    files = [
        *({"name": f.name, "mimeType": "image/png", "buffer": f.read_bytes()} for f in samples),
        {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture at all"},
        {"name": "letter.dcm", "mimeType": "application/dicom", "buffer": b"neither is this"},
    ]

    def act(page: Page) -> None:
        page.locator('input[type="file"]').first.set_input_files(files)  # type: ignore[arg-type]
        page.get_by_text("6 scans").wait_for()

    return act


def settle(page: Page) -> None:
    """Wait until nothing is being drawn, computed or faded in."""
    page.locator("h1").first.wait_for()
    quiet = 0
    while quiet < 4:
        page.wait_for_timeout(250)
        busy = page.locator(
            '.stApp:not([data-test-script-state="notRunning"]), .stSpinner,'
            ' [data-testid*="Skeleton"], [data-testid="stProgress"]:visible:has-text("%")'
        ).count()
        quiet = 0 if busy else quiet + 1


def picture(page: Page, file: Path, width: int) -> None:
    """The whole page, however long it is."""
    page.set_viewport_size({"width": width, "height": 900})
    # It is as tall as the window allows, and would grow with it.
    page.add_style_tag(content=".st-key-light-box { height: 42rem !important; }")
    page.wait_for_timeout(400)
    needed = page.evaluate(
        "Math.max(900, (document.querySelector('.stMain')?.scrollHeight ?? 0) + 8)"
    )
    if needed > 908:
        page.set_viewport_size({"width": width, "height": min(TALLEST, needed)})
        page.wait_for_timeout(800)
    page.evaluate("document.querySelector('.stMain')?.scrollTo(0, 0)")
    page.wait_for_timeout(200)
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file)


@contextmanager
def served(workspace: Path) -> Iterator[Server]:
    """A server of its own for a workspace."""
    server = Server(workspace)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def demonstration(workspace: Path) -> None:
    """Train the demonstration and wait for it."""
    print("Training the demonstration, some minutes", flush=True)  # noqa: T201
    run = start_demonstration(Workspace(workspace))
    jobs.wait(run, 3600)


def main(arguments: Sequence[str] | None = None) -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, help="with a finished demonstration run")
    parser.add_argument("--state", nargs="*", default=[state.__name__ for state in STATES])
    parser.add_argument("--view", nargs="*", help="only views of these names")
    parser.add_argument("--look", nargs="*", default=["dark", "light"])
    parser.add_argument("--width", nargs="*", type=int, default=[1280, 2560])
    asked = parser.parse_args(arguments)
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        finished = asked.workspace or Path(folder) / "finished"
        if not asked.workspace:
            demonstration(finished)
        for state in STATES:
            if state.__name__ not in asked.state:
                continue
            workspace = Path(folder) / state.__name__
            workspace.mkdir()
            views = [
                v for v in state(finished, workspace) if asked.view is None or v.name in asked.view
            ]
            with served(workspace) as server:
                for look in asked.look:
                    for view in views:
                        context = browser.new_context(color_scheme=look)
                        context.set_default_timeout(PATIENCE)
                        page = context.new_page()
                        page.goto(f"{server.url}/{view.address}")
                        settle(page)
                        if view.act:
                            view.act(page)
                            settle(page)
                        for width in asked.width:
                            name = f"{state.__name__}-{view.name}-{look}-{width}.png"
                            picture(page, FOLDER / name, width)
                            print(name, flush=True)  # noqa: T201
                        context.close()
        browser.close()


if __name__ == "__main__":
    main()
