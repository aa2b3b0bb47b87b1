"""The server's own process: Streamlit, with the pages loaded while the browser is on its way.

`python -m dashboard.serving PORT`; `dashboard.server` starts it.
"""

import importlib
import os
import sys
import threading
import time
from collections.abc import Sequence

from streamlit.web import cli

from core.process import began
from dashboard.server import ADDRESS, START_SECONDS, Server

FIRST_PAGE = ("shell", "next_step", "run_list")
"""What it takes most time to load for, of `dashboard.components`."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the process is ended.

    Args:
        arguments: The port; none takes those of the process.
    """
    (port,) = sys.argv[1:] if arguments is None else arguments
    threading.Thread(target=_load, args=[int(port)], daemon=True).start()
    options = (f"--server.port={port}", f"--server.address={ADDRESS}", "--server.headless=true")
    sys.argv = ["streamlit", "run", "dashboard/app.py", *options, "--logger.level=warning"]
    cli.main()


def _load(port: int) -> None:
    """Load what the first page needs as soon as the server answers, not before: it would wait."""
    here = Server(pid=os.getpid(), process_started=began(os.getpid()), port=port)
    end = time.monotonic() + START_SECONDS
    while not here.answers():
        if time.monotonic() > end:
            return
        time.sleep(0.05)
    for name in FIRST_PAGE:
        importlib.import_module(f"dashboard.components.{name}")


if __name__ == "__main__":
    main()
