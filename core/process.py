"""A process that was met before, and whether it still runs."""

import psutil


def is_alive(pid: int | None, started: float | None) -> bool:
    """Whether the process of this number still runs. A number alone could be a later one's.

    Args:
        pid: Its number; none is no process.
        started: When it began, Unix seconds, as `psutil.Process.create_time` gave it.
    """
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - (started or 0)) < 2
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
