"""Start, stop and resume the training of a run, from a page or a shell alike."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from core.config import Protocol
from core.data.index import Dataset
from core.data.patients import Patients
from core.data.splits import expect_no_leak, plan_pictures
from core.errors import RunError
from core.training.runs import Run, RunData, RunStatus, Workspace


def create_run(
    workspace: Workspace,
    dataset: Dataset,
    protocol: Protocol,
    groups: dict[str, int],
    *,
    name: str | None = None,
    weights_path: Path | None = None,
    cached: bool = True,
    patients: Patients | None = None,
    accept_leak: bool = False,
) -> Run:
    """Make a run and decide its split, which is on disk before anything trains.

    Args:
        workspace: Where it lives.
        dataset: The scans.
        protocol: What to do.
        groups: Group of each file: its near copies (`core.data.duplicates`), and the scans of
            its patient where patients are known (`core.data.patients`).
        name: Of the run; by default protocol and date.
        weights_path: VGG19 weights to start from; none means the usual order.
        cached: Whether the outputs of frozen layers are kept on disk.
        patients: Where it is said which patient a scan is of; for the record, as `groups`
            follow from it.
        accept_leak: Whether a split may leak although the protocol promises that none does.

    Raises:
        DatasetError: There are too few scans for the split, or it leaks.
        SettingError: The name is not usable or taken.
    """
    split = plan_pictures(dataset, protocol, groups)
    if not accept_leak:
        expect_no_leak(split, protocol)
    negative, positive = dataset.classes
    run = workspace.create(
        protocol,
        RunData(
            root=str(dataset.root.resolve()),
            negative=negative,
            positive=positive,
            already_split=dataset.already_split,
            already_cropped=dataset.already_cropped,
            patients=patients,
        ),
        name=name,
        weights_path=weights_path,
        cached=cached,
    )
    run.write_split(split)
    return run


def start(run: Run, stages: Sequence[str] | None = None) -> None:
    """Launch stages in a process of its own; returns as soon as it is on its way.

    A stage that is finished already is repeated, its former results put aside.

    Args:
        run: Not at work.
        stages: Names; none means every stage that is not finished.

    Raises:
        RunError: The run is at work, or a stage's predecessor is missing.
        SettingError: No such stage.
    """
    _expect_idle(run)
    protocol, finished = run.protocol, run.finished_stages()
    names = [s.name for s in protocol.stages]
    if stages is None:
        wanted = [name for name in names if name not in finished]
    else:
        wanted = sorted({protocol.stage(name).name for name in stages}, key=names.index)
    if not wanted:
        raise RunError(
            "a stage to train", f"all stages of '{run.name}' are finished", "Name one to repeat it."
        )
    for name in wanted:
        before = protocol.before(name)
        if before and before.name not in finished and before.name not in wanted:
            raise RunError(
                f"{before.title} to be trained before {protocol.stage(name).title}",
                f"it has not been in run '{run.name}'",
                f"Add {before.name} to the stages.",
            )
    for name in wanted:
        run.archive_stage(name)
    _launch(run, RunStatus(state="queued", requested=tuple(wanted)))


def change_stage(run: Run, stage: str, **changes: object) -> None:
    """Give one stage other settings, for when it is trained next (see `Stage`).

    Raises:
        RunError: The run is at work.
    """
    _expect_idle(run)
    config = run.config
    protocol = config.protocol.with_stage(stage, **changes)
    run.write_config(config.model_copy(update={"protocol": protocol}))


def stop(run: Run) -> None:
    """Ask a run to stop at its next batch.

    Raises:
        RunError: It is not at work.
    """
    if not run.status.active:
        raise RunError(
            "a run that is at work", f"'{run.name}' is {run.status.state}", "There is no need."
        )
    run.stop_request.touch()


def resume(run: Run) -> None:
    """Go on from the last whole epoch with what was requested and is not finished.

    Raises:
        RunError: The run is at work, or nothing is left to do.
    """
    _expect_idle(run)
    requested = run.recorded_status.requested
    if not requested:
        raise RunError(
            "a run that was stopped or interrupted",
            f"'{run.name}' has nothing left to do",
            "Start its next stage instead.",
        )
    _launch(run, RunStatus(state="queued", requested=requested))


def wait(run: Run, seconds: float = float("inf")) -> RunStatus:
    """Wait until the run is no longer at work, or the time is over."""
    end = time.monotonic() + seconds
    while (status := run.status).active and time.monotonic() < end:
        time.sleep(0.2)
    return status


def _expect_idle(run: Run) -> None:
    if run.status.active:
        raise RunError(
            "a run that is not at work", f"'{run.name}' is {run.status.state}", "Stop it first."
        )


def _launch(run: Run, status: RunStatus) -> None:
    run.stop_request.unlink(missing_ok=True)
    # On disk before the process starts, which reads from it what to do.
    run.write_status(_owned_by(psutil.Process(), status))
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUNBUFFERED": "1"}
    # Of its own session, so that closing a shell or stopping the dashboard never touches it.
    detached: dict[str, object] = (
        {"creationflags": 0x00000008 | 0x00000200}  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    with (run.path / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.training.worker", str(run.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=Path(__file__).resolve().parents[2],
            **detached,  # type: ignore[call-overload]
        )
    run.write_status(_owned_by(psutil.Process(process.pid), status))


def _owned_by(process: psutil.Process, status: RunStatus) -> RunStatus:
    """The status with the process by whose life it is judged."""
    return status.model_copy(update={"pid": process.pid, "process_started": process.create_time()})
