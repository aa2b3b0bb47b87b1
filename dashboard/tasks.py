"""Short work that a page waits for: reading a folder, making the demonstration.

A rerun kills what runs inside a page; a thread of the server lives on and every session sees
how far it is. Training is not short work: it has a process of its own (`core.training.jobs`).
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Report = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""

KEPT = 8
"""Tasks whose results are remembered."""


class Cancelled(Exception):
    """Ends work that nobody waits for any more."""


@dataclass
class Task(Generic[T]):
    """One piece of work in a thread.

    Attributes:
        activity: What is being done.
        done, total: How much of it is done, and of how much.
        cancelled: Whether nobody waits for it any more.
        told: Whether its error has been told; what caused it may have passed, so that the work is
            begun anew when it is asked for again.
        begun: When it was asked for, by the clock of `time.monotonic`.
    """

    activity: str = "Starting"
    done: int = 0
    total: int = 0
    cancelled: bool = False
    told: bool = False
    begun: float = field(default_factory=time.monotonic)
    _future: "Future[T]" = field(default_factory=Future)

    @property
    def share(self) -> float:
        """How much of the present activity is done, 0–1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def finished(self) -> bool:
        """Whether there is a result or an error."""
        return self._future.done()

    def result(self) -> T:
        """What the work returned; what it raised is raised here."""
        self.told = self._future.exception() is not None
        return self._future.result()

    @property
    def over(self) -> bool:
        """Whether nothing more is to be had of it."""
        return self.cancelled or self.told

    def wait(self, seconds: float) -> bool:
        """Wait a little; returns whether it has finished."""
        return bool(wait_for([self._future], timeout=seconds).done)

    def cancel(self) -> None:
        """Have the work end when it next says how far it is; it can be started anew at once."""
        self.cancelled = True
        self._future.cancel()  # where it has not begun

    def report(self, activity: str, done: int, total: int) -> None:
        """Called by the work to say how far it is.

        Raises:
            Cancelled: It has no need to go further.
        """
        if self.cancelled:
            raise Cancelled
        self.activity, self.done, self.total = activity, done, total


class Tasks:
    """The tasks of a server, by key. The same key is never done twice at the same time."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[Hashable, Task[object]] = OrderedDict()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="neurostage")

    def start(self, key: Hashable, work: Callable[[Report], T]) -> Task[T]:
        """Start the work, or find the task that does it or has done it."""
        with self._lock:
            task = self._tasks.get(key)
            if task is None or task.over:
                task = Task()
                task._future = self._pool.submit(work, task.report)
                self._tasks[key] = task
            self._tasks.move_to_end(key)
            for old in list(self._tasks):
                if len(self._tasks) <= KEPT:
                    break
                if self._tasks[old].finished:
                    del self._tasks[old]
            return task  # type: ignore[return-value]

    def find(self, key: Hashable) -> Task[Any] | None:
        """The task of this key; none if it was never started, is over or is forgotten."""
        with self._lock:
            task = self._tasks.get(key)
            if task is None or task.over:
                return None
            self._tasks.move_to_end(key)  # what is asked for is the last to be forgotten
            return task

    def end(self) -> None:
        """Have all work end, and let go of its results: nobody will ask for them any more."""
        with self._lock:
            for task in self._tasks.values():
                task.cancel()
            self._tasks.clear()

    def forget(self, key: Hashable) -> None:
        """Let the work of this key be done anew when it is asked for."""
        with self._lock:
            self._tasks.pop(key, None)
