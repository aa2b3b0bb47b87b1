"""Start, stop and resume the training of a run or of a cross-validation's folds.

From a page or a shell alike.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from core.config import Protocol
from core.data.index import Dataset
from core.data.patients import Patients
from core.data.splits import expect_no_leak, plan_folds, plan_pictures
from core.errors import RunError, SettingError
from core.model.weights import named_weights
from core.process import began
from core.training.crossval import CrossValidation, CrossValidationConfig, CrossValidationStatus
from core.training.folders import RunData
from core.training.runs import Run, RunStatus, write_run
from core.training.workspace import Workspace

Job = Run | CrossValidation


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
        WeightsError: A weights file is named, here or by `VGG19_WEIGHTS`, that is not there.
    """
    named_weights(weights_path)
    split = plan_pictures(dataset, protocol, groups)
    if not accept_leak:
        expect_no_leak(split, protocol)
    return workspace.create(
        protocol,
        _reference(dataset, patients),
        split=split,
        name=name,
        weights_path=weights_path,
        cached=cached,
    )


def create_crossval(
    workspace: Workspace,
    dataset: Dataset,
    protocol: Protocol,
    groups: dict[str, int],
    *,
    folds: int,
    seeds: Sequence[int],
    name: str | None = None,
    weights_path: Path | None = None,
    cached: bool = True,
    patients: Patients | None = None,
) -> CrossValidation:
    """Make a cross-validation and decide all its folds (see `core.data.splits.plan_folds`).

    Of the network's start, order and dropout each seed decides as well, but views are the same
    in all of them: their frozen activations are computed once.

    Args:
        workspace: Where it lives.
        dataset: The scans.
        protocol: What to do in each fold; `seeds` take the place of its own.
        groups: Group of each file: near copies and scans of a patient are in one.
        folds: How many.
        seeds: One repetition for each.
        name: By default protocol and date.
        weights_path: VGG19 weights to start from; none means the usual order.
        cached: Whether the outputs of frozen layers are kept on disk.
        patients: What `groups` knows of patients, for the record.

    Raises:
        DatasetError: There are too few scans for so many folds.
        SettingError: Folds, seeds or name are not usable, or the name is taken.
        WeightsError: A weights file is named, here or by `VGG19_WEIGHTS`, that is not there.
    """
    named_weights(weights_path)
    if not seeds or len(set(seeds)) < len(seeds):
        given = ", ".join(map(str, seeds)) or "none"
        raise SettingError("seeds that differ", f"{given} was given", "Name each seed once.")
    protocols = {seed: protocol.with_settings({"seed": seed}) for seed in seeds}
    plans = {seed: plan_folds(dataset, protocols[seed], groups, folds) for seed in seeds}
    data = _reference(dataset, patients)
    with workspace.new_folder(CrossValidation, name, f"crossval-{protocol.name}") as folder:
        crossval = CrossValidation(folder)
        for seed, of_seed in plans.items():
            for fold, plan in enumerate(of_seed, start=1):
                write_run(
                    crossval.fold_path(seed, fold),
                    protocols[seed],
                    data,
                    split=plan,
                    weights_path=weights_path,
                    cached=cached,
                    keeps_all_models=False,
                )
        crossval.write_config(
            CrossValidationConfig(
                name=crossval.name,
                created=datetime.now(UTC).isoformat(timespec="seconds"),
                protocol=protocol,
                data=data,
                folds=folds,
                seeds=tuple(sorted(seeds)),
                weights_path=str(weights_path.resolve()) if weights_path else None,
                cached=cached,
            )
        )
    return crossval


def _reference(dataset: Dataset, patients: Patients | None) -> RunData:
    """The data set as a run's configuration refers to it."""
    negative, positive = dataset.classes
    return RunData(
        root=str(dataset.root.resolve()),
        negative=negative,
        positive=positive,
        already_split=dataset.already_split,
        already_cropped=dataset.already_cropped,
        patients=patients,
        patients_known=None
        if patients is None
        else len(patients.find(dataset)) / len(dataset.entries),
    )


def start(run: Run, stages: Sequence[str] | None = None) -> None:
    """Launch stages in a process of its own; returns as soon as it is on its way.

    Args:
        run: Not at work.
        stages: Names; each begins anew, and what it had is put aside. None means every stage
            that is not finished; one that was stopped goes on where it stopped.

    Raises:
        RunError: The run is at work, or a stage's predecessor is missing.
        SettingError: No such stage.
    """
    with run.held():
        wanted = expect_trainable(run, stages)
        for name in stages or ():
            run.archive_stage(name)
        _launch({run: wanted}, run.path)


def expect_trainable(run: Run, stages: Sequence[str] | None = None) -> list[str]:
    """The stages that `start` would train, in order.

    Args:
        run: Whose.
        stages: As in `start`.

    Raises:
        RunError: There is none, or a stage's predecessor is missing.
        SettingError: No such stage.
    """
    finished = run.finished_stages()
    wanted = _wanted(run.protocol, stages, finished if stages is None else [])
    if not wanted:
        raise RunError(
            "a stage to train", f"all stages of '{run.name}' are finished", "Name one to repeat it."
        )
    _expect_foundation(run, wanted, finished)
    return wanted


def start_crossval(crossval: CrossValidation, stages: Sequence[str] | None = None) -> None:
    """Launch stages in every fold where they are not finished, fold after fold in one process.

    Args:
        crossval: Not at work.
        stages: Names; none means every stage.

    Raises:
        RunError: It is at work, nothing is left to do, or a stage's predecessor is missing.
        SettingError: No such stage.
    """
    with crossval.held():
        work = {}
        for run in crossval.runs():
            finished = run.finished_stages()
            if wanted := _wanted(crossval.protocol, stages, finished):
                _expect_foundation(run, wanted, finished)
                work[run] = wanted
        if not work:
            raise RunError(
                "a stage to train",
                f"'{crossval.name}' has finished it in every fold",
                "Give another cross-validation another name.",
            )
        _launch(work, crossval.path)


def _wanted(protocol: Protocol, stages: Sequence[str] | None, finished: list[str]) -> list[str]:
    """The stages named, or all, in the order of training and without those finished."""
    names = [stage.name for stage in protocol.stages]
    chosen = names if stages is None else {protocol.stage(name).name for name in stages}
    return [name for name in names if name in chosen and name not in finished]


def _expect_foundation(run: Run, wanted: Sequence[str], finished: Sequence[str]) -> None:
    """Refuse a stage whose predecessor neither has been trained nor will be."""
    for name in wanted:
        before = run.protocol.before(name)
        if before and before.name not in finished and before.name not in wanted:
            raise RunError(
                f"{before.title} to be trained before {run.protocol.stage(name).title}",
                f"it has not been in run '{run.name}'",
                f"Add {before.name} to the stages.",
            )


def change_stage(run: Run, stage: str, **changes: object) -> None:
    """Give one stage other settings, for when it is trained next (see `Stage`).

    Raises:
        RunError: The run is at work.
    """
    with run.held():
        config = run.config
        protocol = config.protocol.with_stage(stage, **changes)
        run.write_config(config.model_copy(update={"protocol": protocol}))


def stop(job: Job) -> None:
    """Ask a run or a cross-validation to stop at its next batch.

    Raises:
        RunError: It is not at work.
    """
    status = job.status
    if not status.active:
        raise RunError(
            f"a {job.kind} that is at work", f"'{job.name}' is {status.state}", "There is no need."
        )
    # Of every fold: the one at work may end in this very moment.
    for run in _runs(job):
        if run.recorded_status.active:
            run.stop_request.touch()


def resume(job: Job) -> None:
    """Go on from the last whole epoch with what was requested and is not finished.

    Raises:
        RunError: The run or cross-validation is at work, or nothing is left to do.
    """
    with job.held():
        requested = {run: run.recorded_status.requested for run in _runs(job)}
        work = {run: stages for run, stages in requested.items() if stages}
        if not work:
            raise RunError(
                f"a {job.kind} that was stopped or interrupted",
                f"'{job.name}' has nothing left to do",
                "Start its next stage instead.",
            )
        _launch(work, job.path)


def wait(job: Job, seconds: float = float("inf")) -> RunStatus | CrossValidationStatus:
    """Wait until the job is no longer at work, or the time is over."""
    end = time.monotonic() + seconds
    while (status := job.status).active and time.monotonic() < end:
        time.sleep(0.2)
    return status


def _runs(job: Job) -> list[Run]:
    return [job] if isinstance(job, Run) else job.runs()


def _launch(work: Mapping[Run, Sequence[str]], folder: Path) -> None:
    """Start the process that trains these stages of these runs, and logs into the folder.

    Args:
        work: Names of stages by run.
        folder: That of the run, or of the cross-validation which the runs are part of.

    Raises:
        RunError: The computer lets no process start. What was asked for can be resumed.
    """
    workspace, paths = folder.parent.parent, [run.path for run in work]
    waiting = {
        run: RunStatus(state="queued", requested=tuple(stages)) for run, stages in work.items()
    }
    try:
        for run, status in waiting.items():
            run.stop_request.unlink(missing_ok=True)
            # On disk before the process starts, which reads from it what to do.
            run.write_status(_owned_by(os.getpid(), status))
        process = _process(workspace, paths, folder / "log.txt")
    except OSError as error:
        # Or they would be queued for as long as this process lives, and nobody else had a turn.
        for run, status in waiting.items():
            with suppress(OSError):
                run.write_status(status.model_copy(update={"state": "interrupted"}))
        raise RunError(
            "a process to train in",
            f"the computer did not let one start ({error.strerror or error})",
            "See that disk and memory have room, and resume.",
        ) from error
    for run, status in waiting.items():
        run.write_status(_owned_by(process.pid, status))


def _process(workspace: Path, runs: Sequence[Path], log_file: Path) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUNBUFFERED": "1"}
    for name in ("VGG19_WEIGHTS", "KERAS_HOME"):  # it works in another folder
        if named := environment.get(name):
            environment[name] = str(Path(named).absolute())
    # Of its own session, so that closing a shell or stopping the dashboard never touches it.
    detached: dict[str, object] = (
        {"creationflags": 0x00000008 | 0x00000200}  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    with log_file.open("ab") as log:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-m", "core.training.worker", *map(str, (workspace, *runs))],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=Path(__file__).resolve().parents[2],
            **detached,  # type: ignore[call-overload]
        )
    return process


def _owned_by(pid: int, status: RunStatus) -> RunStatus:
    """The status with the process by whose life it is judged."""
    return status.model_copy(update={"pid": pid, "process_started": began(pid)})
