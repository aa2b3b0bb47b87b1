"""What `train` and `crossval` are asked to do: the options that they share, and what follows."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, TypeVar

from core.cli.data import read_folder
from core.cli.options import (
    Cached,
    Cropped,
    Epochs,
    LearningRate,
    PatientPattern,
    PatientTable,
    Positive,
    Precision,
    ProtocolName,
    Settings,
    Size,
    StageNames,
    Steps,
    Weights,
    planned,
    settings_of,
    stage_names,
)
from core.cli.terminal import note
from core.config import Protocol
from core.data.index import Dataset
from core.data.patients import Patients
from core.errors import NeuroStageError, SettingError
from core.model.weights import named_weights
from core.training.crossval import CrossValidationConfig
from core.training.jobs import Job

OPTIONS = {"input.size": "--size", "training.precision": "--precision"}
"""Settings that have an option of their own."""

_Job = TypeVar("_Job", bound=Job)


@dataclass(frozen=True)
class Experiment:
    """An experiment as it was typed; None where nothing was."""

    protocol_name: ProtocolName = None
    stages: StageNames = None
    settings: Settings = None
    positive: Positive = None
    weights: Weights = None
    epochs: Epochs = None
    steps: Steps = None
    learning_rate: LearningRate = None
    size: Size = None
    precision: Precision = None
    cached: Cached = None
    cropped: Cropped = None
    patient_table: PatientTable = None
    patient_pattern: PatientPattern = None

    @property
    def wanted(self) -> list[str] | None:
        """Names of the stages; none means all that are not finished."""
        return stage_names(self.stages)

    @property
    def chosen(self) -> dict[str, object]:
        """Settings of the protocol, by path."""
        return settings_of(self.settings, size=self.size, precision=self.precision)

    @property
    def changes(self) -> dict[str, Any]:
        """Settings of each stage named, or of all."""
        given = {
            "epochs": self.epochs,
            "steps_per_epoch": self.steps,
            "learning_rate": self.learning_rate,
        }
        return {setting: value for setting, value in given.items() if value is not None}

    @property
    def patients(self) -> Patients | None:
        """Where it is said which patient a scan is of."""
        return Patients.given(self.patient_table, self.patient_pattern)

    def plan(self) -> Protocol:
        """The protocol of a new job.

        Raises:
            SettingError: A name or value is not possible, or there is no such file of weights.
        """
        plan = planned(self.protocol_name, self.chosen, self.wanted, self.changes)
        named_weights(self.weights)  # refuses a file that is not there
        return plan

    def scans(self, folder: Path) -> tuple[Dataset, dict[str, int]]:
        """The scans of a folder with the group of each (see `core.cli.data.read_folder`)."""
        return read_folder(folder, self.positive, self.cropped, self.patients)

    def expect_same(
        self, job: Job, folder: Path | None, settings: dict[str, object], **given: object
    ) -> None:
        """Refuse what would make another experiment of one that is there.

        Args:
            job: The run or cross-validation.
            folder: Of the scans.
            settings: Of the protocol, by path.
            given: By the name of an option that this command alone has, in the words of a person.

        Raises:
            SettingError: Something differs.
        """
        config, patients = job.config, self.patients
        known = config.data.patients
        compared: dict[str, tuple[object, object]] = {
            "the folder": (config.data.root, folder and str(folder.resolve())),
            "--protocol": (config.protocol.name, self.protocol_name),
            "--positive": (config.data.positive, self.positive),
            "--weights": (config.weights_path, self.weights and str(self.weights.resolve())),
            "--cache": (config.cached, self.cached),
            "--already-cropped": (config.data.already_cropped, self.cropped),
            "--patients": (known and known.table, patients and patients.table),
            "--patient-pattern": (known and known.pattern, patients and patients.pattern),
        }
        if isinstance(config, CrossValidationConfig):
            kept = {"folds": config.folds, "seeds": ",".join(map(str, config.seeds))}
            compared |= {f"--{option}": (kept[option], value) for option, value in given.items()}
        differing = [
            (option, was, value)
            for option, (was, value) in compared.items()
            if value is not None and value != was
        ] + [
            (OPTIONS.get(path, path), config.protocol.setting(path), value)
            for path, value in settings.items()
            if config.protocol.with_settings({path: value}) != config.protocol
        ]
        for option, was, value in differing:
            raise SettingError(
                f"{option} to stay {was}, with which '{job.name}' was made",
                f"it is {value}",
                "Leave it as it was, or give the new one another name.",
            )


def with_experiment(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command an option for each field of an `Experiment`, its parameter `asked`."""
    own = signature(command)
    options = [
        Parameter(each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=each.type)
        for each in fields(Experiment)
    ]

    @wraps(command)
    def asked(**given: Any) -> int:
        experiment = Experiment(**{each.name: given.pop(each.name) for each in options})
        return command(asked=experiment, **given)

    # Read in place of the parameters that it has.
    parameters = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in own.parameters.values()]
    place = list(own.parameters).index("asked")
    parameters[place : place + 1] = options
    asked.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return asked


def launch(
    job: _Job,
    start: Callable[[_Job, list[str] | None], None],
    stages: list[str] | None,
    dataset: Dataset,
) -> None:
    """Start a job that was just made, and say how many files were left out, if any.

    Raises:
        NeuroStageError: It cannot start; then nothing is left of it.
    """
    try:
        start(job, stages)
    except NeuroStageError:
        job.delete()
        raise
    if left_out := len(dataset.unreadable):
        are = "file cannot be read and is" if left_out == 1 else "files cannot be read and are"
        note(f"{left_out} {are} left out. To see why: python -m core inspect {dataset.root}")
