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
import traceback
from collections.abc import Sequence
from pathlib import Path

import filelock
import psutil

from core.config import Stage
from core.errors import NeuroStageError
from core.model.architecture import forward_operations, training_operations
from core.training.callbacks import Callback
from core.training.hardware import epoch_operations
from core.training.runs import COMPUTING_PREFIX, Run, RunStatus
from core.training.workspace import Workspace

log = logging.getLogger("neurostage")

HEARTBEAT_SECONDS = 1.0
WAITING = "Waiting for another run to end"


_terminated = threading.Event()
"""Set when the process was asked politely to end."""


class Stopped(Exception):
    """A stop was asked for."""


class Reporter(Callback):
    """Keeps status.json fresh, and raises `Stopped` when a stop was asked for."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        process = psutil.Process()
        self.status = run.recorded_status.model_copy(
            update={
                "pid": process.pid,
                "process_started": process.create_time(),
                "stage": None,
                "message": "",
            }
        )
        self.pace = _Pace()
        self.frozen_pace = _Pace()
        self._written = 0.0

    def update(self, **changes: object) -> None:
        """Change the status and write it at once."""
        self.status = self.status.model_copy(update=changes | {"heartbeat": time.time()})
        self.run.write_status(self.status)
        self._written = time.monotonic()

    def progress(self, activity: str, done: int, total: int) -> None:
        """Something beside training goes on; written about once a second."""
        self._check()
        if activity == COMPUTING_PREFIX:
            self.frozen_pace.reached(done)
        changed = activity != self.status.activity
        self.status = self.status.model_copy(
            update={"activity": activity, "step": done, "steps": total}
        )
        if changed or done >= total or self._due():
            self.update(pictures_per_second=None)

    def begin(self, stage: Stage) -> None:
        """A stage starts."""
        self.pace = _Pace()
        self.update(
            state="running",
            stage=stage.name,
            activity="Preparing",
            epoch=0,
            epochs=stage.epochs,
            step=0,
            steps=0,
            stage_seconds_left=None,
        )

    def on_batch_end(self, epoch: int, step: int, steps: int, pictures: int) -> None:  # noqa: D102
        self._check()
        self.pace.count(pictures)
        changed = epoch != self.status.epoch
        self.status = self.status.model_copy(
            update={"activity": "Training", "epoch": epoch, "step": step, "steps": steps}
        )
        if changed or self._due():
            stage = self.run.protocol.stage(self.status.stage or "")
            per_step = self.pace.seconds_per_step
            left = per_step * ((steps - step) + steps * (stage.epochs - epoch))
            later = self._later(stage)
            self.update(
                pictures_per_second=self.pace.pictures_per_second,
                stage_seconds_left=left,
                run_seconds_left=None if later is None else left + later,
            )

    def _later(self, stage: Stage) -> float | None:
        """Seconds for the stages after this one, from their arithmetic and the pace so far."""
        protocol = self.run.protocol
        speeds = {
            # The head alone is bound by memory: its pace says nothing of convolutions.
            training_operations(protocol, stage): self.pace if stage.unfrozen else None,
            forward_operations(protocol.input.size): self.frozen_pace,
        }
        for operations, pace in speeds.items():
            if pace and (pictures := pace.pictures_per_second):
                train = int((self.run.split()["split"] == "train").sum())
                later = [protocol.stage(n) for n in self.status.requested if n != stage.name]
                return sum(
                    epoch_operations(protocol, of, train) * of.epochs / (operations * pictures)
                    for of in later
                )
        return None

    def _due(self) -> bool:
        return time.monotonic() - self._written >= HEARTBEAT_SECONDS

    def _check(self) -> None:
        if self.run.stop_request.exists() or _terminated.is_set():
            raise Stopped


class _Pace:
    """Speed over the last steps, the first one (tracing) left out."""

    def __init__(self) -> None:
        self.marks: list[tuple[float, int]] = []  # moment, pictures done by then

    def count(self, pictures: int) -> None:
        """A step of so many pictures is done."""
        self.reached((self.marks[-1][1] if self.marks else 0) + pictures)

    def reached(self, pictures: int) -> None:
        """So many pictures are done in all."""
        self.marks = [*self.marks[-20:], (time.monotonic(), pictures)]

    @property
    def seconds_per_step(self) -> float:
        if len(self.marks) < 2:
            return 0.0
        return (self.marks[-1][0] - self.marks[0][0]) / (len(self.marks) - 1)

    @property
    def pictures_per_second(self) -> float | None:
        if len(self.marks) < 2:
            return None
        (started, before), (now, after) = self.marks[0], self.marks[-1]
        return (after - before) / (now - started) if now > started else None


def work(runs: Sequence[Run], workspace: Workspace) -> RunStatus:
    """Wait for the turn, train what was requested, and leave a final status in each run.

    Args:
        runs: At least one; trained in this order. What ends one, other than success, leaves
            those after it as they are, to be resumed together.
        workspace: Where they live.

    Returns:
        The status of the last run that was worked on.
    """
    reporters = [Reporter(run) for run in runs]
    reporter = reporters[0]
    try:
        for waiting in reporters:
            waiting.update(state="queued", activity=WAITING)
        with _turn(workspace, reporter):
            for reporter in reporters:
                _train(reporter.run, workspace, reporter)
                reporter.update(state="finished", activity="", stage=None, run_seconds_left=None)
    except Stopped:
        log.info("stopped on request")
        reporter.update(state="stopped", activity="")
    except NeuroStageError as error:
        log.error("%s", error)
        reporter.update(state="failed", activity="", message=str(error))
    except MemoryError:
        log.exception("out of memory")
        reporter.update(
            state="failed",
            activity="",
            message="The computer ran out of memory. Close other programs, or choose a smaller "
            "input size or batch, and resume.",
        )
    except Exception as error:
        log.error("%s", traceback.format_exc())
        reporter.update(
            state="failed",
            activity="",
            message=f"An unexpected {type(error).__name__} ended the job. Its log has the "
            "details. Resuming is safe: nothing finished is lost.",
        )
    finally:
        for left in reporters:
            if left.status.state == "queued":
                left.update(state="stopped", activity="")
            left.run.stop_request.unlink(missing_ok=True)
    return reporter.status


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
