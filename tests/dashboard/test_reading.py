"""Waiting for work in the background."""

import threading
import time

from dashboard.components import reading
from dashboard.tasks import Tasks


def test_what_takes_long_is_waited_for_once():
    go = threading.Event()
    task = Tasks().start("key", lambda _: go.wait(10))
    waited = []
    for _ in range(4):
        started = time.monotonic()
        assert not reading._soon(task)
        waited.append(time.monotonic() - started)
    go.set()
    assert task.wait(10)
    assert reading._soon(task)
    assert waited[0] > reading.PATIENCE / 2
    assert max(waited[1:]) < reading.PATIENCE / 2
