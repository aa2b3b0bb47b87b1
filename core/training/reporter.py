"""What a process that trains tells of itself, in its run's folder: how far it is, and how fast."""

import os
import threading
import time

from core.config import Stage
from core.model.architecture import forward_operations, training_operations
from core.process import began
from core.training.callbacks import Callback
from core.training.hardware import epoch_operations
from core.training.runs import COMPUTING_PREFIX, Run

HEARTBEAT_SECONDS = 1.0


class Stopped(Exception):
    """A stop was asked for."""


class Pace:
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
        """0 until it is known."""
        if len(self.marks) < 2:
            return 0.0
        return (self.marks[-1][0] - self.marks[0][0]) / (len(self.marks) - 1)

    @property
    def pictures_per_second(self) -> float | None:
        """None until it is known."""
        if len(self.marks) < 2:
            return None
        (started, before), (now, after) = self.marks[0], self.marks[-1]
        return (after - before) / (now - started) if now > started else None


class Reporter(Callback):
    """Keeps status.json fresh, and raises `Stopped` when a stop was asked for.

    Args:
        run: Whose status it is.
        terminated: Set when the process was asked to end.
    """

    def __init__(self, run: Run, terminated: threading.Event) -> None:
        super().__init__()
        self.run = run
        self._terminated = terminated
        self.status = run.recorded_status.model_copy(
            update={
                "pid": os.getpid(),
                "process_started": began(os.getpid()),
                "stage": None,
                "message": "",
            }
        )
        self.pace = Pace()
        self.frozen_pace = Pace()
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
        self.pace = Pace()
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
        if self.run.stop_request.exists() or self._terminated.is_set():
            raise Stopped
