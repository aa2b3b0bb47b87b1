"""The dashboard in a process of its own, as a person starts it."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from core.training import jobs
from core.training.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60


class Server:
    """A Streamlit server on a free port of this computer."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = Workspace(workspace)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = workspace.parent / f"server-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"]
        options = [f"--server.port={self.port}", "--server.headless=true"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command + options,
                cwd=ROOT,
                env=os.environ | {"NEUROSTAGE_WORKSPACE": str(self.workspace.path)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)

    def stop(self) -> None:
        """End it, as closing its terminal would."""
        if self._process:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def stop_training(self) -> None:
        """Leave no job behind."""
        for run in self.workspace.runs():
            if run.status.active:
                jobs.stop(run)
                jobs.wait(run, 120)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
