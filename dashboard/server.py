"""The server of the pages: one for a workspace, on this computer alone.

`dashboard.json` in the workspace says which process it is and on which port. Whether it lives
is judged by that process, not by the file.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import filelock
from pydantic import ValidationError

from core.config import Frozen
from core.errors import RunError
from core.process import began, is_alive
from core.storage import write_text
from core.training.crossval import CrossValidation
from core.training.runs import Run
from core.training.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = "127.0.0.1"
PORT = 8501
"""Taken when it is free, so that a bookmarked page is found again; Streamlit's own variable
STREAMLIT_SERVER_PORT names another."""
START_SECONDS = 60.0
FAREWELL_SECONDS = 3.0
"""How long a server that was told to quit waits: its last page must get to the browser."""


class Server(Frozen):
    """A server that was started, by its process and port."""

    pid: int
    process_started: float
    port: int

    @property
    def url(self) -> str:
        """Where its first page is."""
        return f"http://{ADDRESS}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return is_alive(self.pid, self.process_started)

    @property
    def is_this_process(self) -> bool:
        """Whether its pages are made by this very process."""
        # On Windows a virtual environment's Python is a small program that starts the real one.
        return self.alive and self.pid in (os.getpid(), os.getppid())

    def answers(self) -> bool:
        """Whether it is ready for a browser."""
        connection = http.client.HTTPConnection(ADDRESS, self.port, timeout=2)
        try:
            connection.request("GET", "/_stcore/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_until_it_answers(self, seconds: float = START_SECONDS) -> None:
        """Return as soon as it is ready.

        Raises:
            RunError: It ended, or did not answer in this time.
        """
        end = time.monotonic() + seconds
        while not self.answers():
            if not self.alive or time.monotonic() > end:
                raise RunError(
                    f"the pages to be ready within {seconds:.0f} seconds",
                    "they are not" if self.alive else "their server ended",
                    "Try again; what the server said stands above.",
                )
            time.sleep(0.05)


def running(workspace: Workspace) -> Server | None:
    """The server of this workspace; none when none lives."""
    try:
        server = Server.of_file(_record(workspace))
    except (OSError, ValidationError):
        return None
    return server if server.alive else None


def find_or_start(workspace: Workspace) -> tuple[Server, "subprocess.Popen[bytes] | None"]:
    """The server of this workspace, and its process if it had to be started.

    Of two starts at the same moment one finds the other's server.
    """
    workspace.path.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(workspace.path / "dashboard.lock"):
        if found := running(workspace):
            return found, None
        named = os.environ.get("STREAMLIT_SERVER_PORT", "")
        port = free_port(int(named) if named.isdecimal() else PORT)
        process = _launch(workspace, port)
        server = Server(pid=process.pid, process_started=began(process.pid), port=port)
        write_text(_record(workspace), server.model_dump_json(indent=2))
        return server, process


def free_port(wanted: int = PORT) -> int:
    """A port of this computer on which nobody listens: the one wanted, if it is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            if sys.platform != "win32":  # there it would let two listen
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ADDRESS, port))
            except (OSError, OverflowError):  # there is no such port
                continue
            return int(probe.getsockname()[1])
    raise RunError("a free port on this computer", "there is none", "Close other programs.")


def farewell(workspace: Workspace) -> str:
    """What becomes of the training that is under way, in a sentence or two."""
    jobs: list[Run | CrossValidation] = [*workspace.runs(), *workspace.crossvals()]
    names = [job.name for job in jobs if job.status.active]
    if not names:
        return "Nothing is being trained."
    return (
        f"Training goes on by itself: {', '.join(names)}. Start NeuroStage again to watch it or "
        "to stop it."
    )


def quit_soon() -> None:
    """End the server that this process is, once its last page has been delivered."""
    timer = threading.Timer(FAREWELL_SECONDS, signal.raise_signal, [signal.SIGTERM])
    timer.daemon = True
    timer.start()


def _record(workspace: Workspace) -> Path:
    return workspace.path / "dashboard.json"


def _launch(workspace: Workspace, port: int) -> "subprocess.Popen[bytes]":
    # In the terminal's own group: closing the terminal, or Ctrl-C in it, ends the server too.
    return subprocess.Popen(
        [sys.executable, "-m", "dashboard.serving", str(port)],
        cwd=ROOT,  # where its settings are
        env=os.environ | {"NEUROSTAGE_WORKSPACE": str(workspace.path.resolve())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
