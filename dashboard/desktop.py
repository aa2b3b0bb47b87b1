"""NeuroStage as a program of the desktop: `neurostage`, or `python -m dashboard`.

It starts the server of the pages and opens a window on it; where the server runs already, it
only opens the window. Ctrl-C, or *Quit* on a page, ends the server. Training is a process of
its own and goes on.
"""

import argparse
import signal
import subprocess
import sys
from collections.abc import Sequence

from core.errors import NeuroStageError
from core.training.workspace import Workspace, default_workspace
from dashboard import browser, server, shortcut

GRACE_SECONDS = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the dashboard, or install its shortcut, and return the exit status.

    Args:
        arguments: Words after the program's name; none takes those of the process.
    """
    asked = _parser().parse_args(arguments)
    try:
        if asked.install_shortcut:
            for place in shortcut.install():
                _say(f"Written: {place}")
            return 0
        return _open(Workspace(default_workspace()), window=not asked.no_window)
    except NeuroStageError as error:
        _say(str(error))
    except OSError as error:
        _say(f"{error.strerror or error}: {error.filename or 'no file named'}")
    return 2


def _open(workspace: Workspace, *, window: bool) -> int:
    # Whoever ends this program by its process ends the server as well, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    found, process = server.find_or_start(workspace)
    try:
        found.wait_until_it_answers()
        if window:
            browser.show(found.url)
        if process is None:
            _say(f"NeuroStage is open already: {found.url}")
            return 0
        _say(f"NeuroStage is open: {found.url}\nCtrl-C ends it. Training goes on without it.")
        ended = process.wait()
    except KeyboardInterrupt:
        ended = 0
    finally:
        if process is not None:
            _end(process)
    _say(f"\nNeuroStage has ended. {server.farewell(workspace)}")
    return 1 if ended else 0


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:  # a page that still computes
        process.kill()
        process.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="neurostage",
        description="Open the dashboard. A second start brings up the first.",
        epilog="Research use only, not for diagnosis. The shell is python -m core.",
    )
    parser.add_argument(
        "--no-window", action="store_true", help="only say where the dashboard is to be found"
    )
    parser.add_argument(
        "--install-shortcut",
        action="store_true",
        help="put NeuroStage on the desktop of Windows, macOS or Linux, and do nothing else",
    )
    return parser


def _say(text: str) -> None:
    if sys.stdout is not None:  # a shortcut on Windows has no terminal
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
