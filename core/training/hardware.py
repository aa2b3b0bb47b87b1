"""The computer that trains, and how long it will take."""

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from core.config import Protocol, Stage
from core.errors import RunError
from core.model.architecture import forward_operations, training_operations
from core.training.runs import Run

CONVOLUTION_SHARE = 0.35
"""Share of the speed of a large matrix product that training a VGG19 reaches on a processor:
what is lost to memory traffic, small layers and the host's own work."""


@dataclass(frozen=True)
class Hardware:
    """What there is to train with. Sizes in bytes."""

    processor: str
    cores: int
    memory: int
    memory_free: int
    disk_free: int
    graphics: str | None


def hardware(workspace: Path) -> Hardware:
    """Look at this computer.

    Args:
        workspace: The disk under it is the one that counts; need not exist yet.
    """
    memory = psutil.virtual_memory()
    place = next(p for p in (workspace, *workspace.resolve().parents) if p.exists())
    return Hardware(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory=memory.total,
        memory_free=memory.available,
        disk_free=shutil.disk_usage(place).free,
        graphics=_graphics(),
    )


def expected_seconds(
    protocol: Protocol, stages: Iterable[Stage], train: int, pictures: int, pace: float
) -> float:
    """How long stages take at most, from their arithmetic; early stopping may end them sooner.

    Args:
        protocol: Their protocol.
        stages: Which.
        train: Pictures to train on.
        pictures: Pictures in all; each goes once through the frozen layers.
        pace: Multiplications a second (`measured_pace`, `pace_of`).
    """
    operations = float(forward_operations(protocol.input.size)) * pictures
    for stage in stages:
        operations += epoch_operations(protocol, stage, train) * stage.epochs
    return operations / pace


def pace_of(runs: Iterable[Run]) -> float | None:
    """Multiplications a second in the newest run that has trained convolutions; none if none has.

    A run whose record cannot be read tells nothing.
    """
    paces = map(_pace_of, runs)
    return next((pace for pace in paces if pace is not None), None)


def _pace_of(run: Run) -> float | None:
    try:
        protocol, history, split = run.protocol, run.history(), run.split()
    except RunError:
        return None
    # The head alone is bound by memory: its pace says nothing of convolutions.
    unfreezing = [stage.name for stage in protocol.stages if stage.unfrozen]
    history = history[history["stage"].isin(unfreezing)]
    train = int((split["split"] == "train").sum())
    operations = sum(
        epoch_operations(protocol, protocol.stage(str(stage)), train) for stage in history["stage"]
    )
    seconds = float(history["seconds"].sum())
    return operations / seconds if operations and seconds else None


def measured_pace() -> float:
    """Multiplications a second that training may reach, judged by the best of a few products."""
    side = 1024
    matrix = np.ones((side, side), np.float32)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        matrix @ matrix
        best = min(best, time.perf_counter() - started)
    return CONVOLUTION_SHARE * side**3 / best


def epoch_operations(protocol: Protocol, stage: Stage, train: int) -> float:
    """Multiplications of one epoch of a stage with `train` pictures to train on."""
    size = protocol.training.batch_size
    steps = -(-train // size)
    seen = min(train, min(steps, stage.steps_per_epoch or steps) * size)
    return float(training_operations(protocol, stage)) * seen


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _graphics() -> str | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    with suppress(OSError, subprocess.SubprocessError):
        answer = subprocess.run(
            [program, "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
        return answer.stdout.strip().splitlines()[0] if answer.stdout.strip() else None
    return None
