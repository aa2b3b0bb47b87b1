"""A process that was met before, and whether it still runs."""

import psutil

TOLERANCE = 0.05
"""Seconds by which two readings of one beginning may differ: a few roundings."""


def began(pid: int) -> float:
    """When a process began, in seconds that stay the same while it runs.

    On Linux they count from the start of the computer: its kernel knows no other moment, and
    what psutil makes of it moves with the clock when that is set.

    Raises:
        psutil.Error: There is no such process.
    """
    if not psutil.LINUX:
        return float(psutil.Process(pid).create_time())
    while True:
        booted = float(psutil.boot_time())
        moment = float(psutil.Process(pid).create_time())
        if booted == psutil.boot_time():  # else the clock was set in between
            return moment - booted


def is_alive(pid: int | None, started: float | None) -> bool:
    """Whether the process of this number still runs. A number alone could be a later one's.

    Args:
        pid: Its number; none is no process.
        started: When it began, as `began` gave it.
    """
    if pid is None or started is None:
        return False
    try:
        same = abs(began(pid) - started) < TOLERANCE
        return bool(same and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
