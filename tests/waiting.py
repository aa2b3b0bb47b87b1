"""Waiting for what processes do."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float = 600) -> None:
    """Look again and again until it is so; fail when it is not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.05)
