"""The process that trains: `python -m core.training.worker WORKSPACE RUN_FOLDER…`.

It trains one run, or the folds of a cross-validation one after another. It belongs to nobody:
it outlives the page or the shell that started it, and speaks through the runs' folders alone.
One at a time works in a workspace; the others wait their turn.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import filelock

from core.errors import NeuroStageError, without_words
from core.training.folders import State
from core.training.reporter import Reporter, Stopped
from core.training.runs import Run, RunStatus
from core.training.workspace import Workspace

log = logging.getLogger("neurostage")

WAITING = "Waiting for another run to end"
PAUSES = (0.5, 1, 2, 4)
"""Seconds after each failed try to leave a last status."""

_terminated = threading.Event()
"""Set when the process was asked politely to end."""


def work(runs: Sequence[Run], workspace: Workspace) -> RunStatus:
    """Wait for the turn, train what was requested, and leave a final status in each run.

    Args:
        runs: At least one; trained in this order. What ends one, other than success, leaves
            those after it as they are, to be resumed together.
        workspace: Where they live.

    Returns:
        The status of the last run that was worked on.
    """
    reporters = [Reporter(run, _terminated) for run in runs]
    reporter = reporters[0]
    try:
        for waiting in reporters:
            waiting.update(state="queued", activity=WAITING)
        with _turn(workspace, reporter):
            for reporter in reporters:
                _train(reporter.run, workspace, reporter)
                reporter.run.stop_request.unlink(missing_ok=True)
                reporter.update(state="finished", activity="", stage=None, run_seconds_left=None)
    except Stopped:
        log.info("stopped on request")
        _end(reporter, "stopped")
    except Exception as error:
        log.error("%s", without_words(error))
        _end(reporter, "failed", _said_of(error))
    finally:
        for left in reporters:
            if left.status.state == "queued":
                _end(left, "stopped")
    return reporter.status


def _end(reporter: Reporter, state: State, message: str = "") -> None:
    """Leave a last status. Where the disk is full there may soon be room for that much.

    The request to stop goes first: whoever sees the end may start anew and ask anew.
    """
    reporter.run.stop_request.unlink(missing_ok=True)
    for pause in PAUSES:
        try:
            return reporter.update(state=state, activity="", message=message)
        except OSError:
            time.sleep(pause)
    log.error("no room for the last status, which is: %s", state)


def _said_of(error: Exception) -> str:
    """What a person is told of that which ended a job."""
    if isinstance(error, NeuroStageError):
        return str(error)
    # Where TensorFlow finds no memory it has an error of its own.
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return (
            "The computer ran out of memory. Close other programs, or choose a smaller input "
            "size or batch, and resume."
        )
    if isinstance(error, OSError) and error.strerror:
        return (
            f"A file could not be read or written ({error.strerror}). See that the disk has "
            "room and can be reached, and resume: nothing finished is lost."
        )
    return (
        f"An unexpected {type(error).__name__} ended the job. Its log has the details. "
        "Resuming is safe: nothing finished is lost."
    )


def _turn(workspace: Workspace, reporter: Reporter) -> filelock.BaseFileLock:
    """Take the workspace's lock, first come, first served. The lock dies with its process."""
    lock = filelock.FileLock(workspace.lock)
    while True:
        folds = [run for crossval in workspace.crossvals() for run in crossval.runs()]
        statuses = [run.status for run in (*workspace.runs(), *folds)]
        waiting = [
            (status.process_started or 0, status.pid)
            for status in (*statuses, reporter.status)
            if status.state == "queued"
        ]
        if min(waiting)[1] == reporter.status.pid:
            try:
                return lock.acquire(timeout=0.2).lock
            except filelock.Timeout:
                pass
        reporter.progress(WAITING, 0, 1)
        time.sleep(0.3)


def _train(run: Run, workspace: Workspace, reporter: Reporter) -> None:
    reporter.update(state="running", activity="Starting")
    # TensorFlow is loaded here, once it is this run's turn.
    import keras

    from core.model.prefix import DEFAULT_LIMIT, PrefixCache
    from core.training.experiment import Experiment

    keras.utils.clear_session()  # the network of the fold before
    gigabytes = os.environ.get("NEUROSTAGE_CACHE_GB")
    limit = int(float(gigabytes) * 10**9) if gigabytes else DEFAULT_LIMIT
    cache = PrefixCache(workspace.cache, limit) if run.config.cached else None
    experiment = Experiment(run, cache, reporter.progress, reporter)
    for name in reporter.status.requested:
        if name not in run.finished_stages():
            stage = run.protocol.stage(name)
            reporter.begin(stage)
            experiment.train(stage)
            before = run.protocol.before(name)
            if before and not run.config.keeps_all_models:
                run.model_path(before.name).unlink(missing_ok=True)
        reporter.update(requested=tuple(n for n in reporter.status.requested if n != name))


def main() -> None:
    """Entry point of the process."""
    workspace, *folders = map(Path, sys.argv[1:])
    runs = [Run(folder) for folder in folders]
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stdout, force=True
    )
    log.setLevel(logging.INFO)
    # Ending the process politely is a stop like any other.
    signal.signal(signal.SIGTERM, lambda *_: _terminated.set())
    status = work(runs, Workspace(workspace))
    sys.exit(0 if status.state in ("finished", "stopped") else 1)


if __name__ == "__main__":
    main()
