"""What a run knows of itself: the facts that a model card states, before any words."""

from typing import Literal

import pandas as pd
from pydantic import Field

from core.config import Frozen, Protocol
from core.evaluation.calibration import calibration_error, with_temperature
from core.evaluation.comparison import compare
from core.evaluation.metrics import summarise
from core.evaluation.operating import operating_point
from core.evaluation.parts import part_views
from core.evaluation.results import PARTS, Comparison, OperatingPoint, Part, StageResult
from core.model.weights import file_sha256
from core.training.runs import Run


class PartFacts(Frozen):
    """One part of the data."""

    part: Part
    scans: int = Field(description="of which a picture is in it, as it is or a view")
    pictures: int = Field(description="as they are and views")
    positive_share: float | None = Field(description="of its pictures; none without any")
    groups: int = Field(description="sets of scans that may not part company")
    classes: dict[str, int] = Field(description="scans by class, the negative one first")


class DataFacts(Frozen):
    """The data set, by the name of its folder alone."""

    folder: str
    negative: str
    positive: str
    already_split: bool
    already_cropped: bool
    patients: Literal["table", "pattern"] | None = Field(
        description="how the scans of a patient were known; none when they were not"
    )
    patients_known: float | None = Field(
        None,
        description="share of the scans whose patient is known; none when that is not on record",
    )
    scans: int = Field(description="in all parts; views may part one from itself")
    parts: tuple[PartFacts, ...]


class StageFacts(Frozen):
    """One finished stage: what trained, how, and the fingerprint of what came of it."""

    name: str
    title: str
    unfrozen: tuple[str, ...] = Field(description="in VGG19; the head trains in any case")
    trainable_parameters: int
    learning_rate: float
    epochs: int = Field(description="at most")
    epochs_run: int
    best_epoch: int | None
    stale: bool = Field(description="the stage before was trained anew since")
    model_sha256: str | None


class CalibrationFacts(Frozen):
    """Whether a stage's probabilities on test mean what they say, as they are and rescaled."""

    name: str
    title: str
    temperature: float | None = Field(description="fitted on validation; above 1: too sure")
    calibration_error: float | None
    brier: float | None
    calibration_error_rescaled: float | None = Field(description="at that temperature")
    brier_rescaled: float | None = Field(description="at that temperature")


class Facts(Frozen):
    """All of it. Dates are the run's own: the same run gives the same facts at any time."""

    run: str
    created: str
    protocol: Protocol
    data: DataFacts
    weights: Literal["file", "keras", "random"] | None
    weights_sha256: str | None
    stages: tuple[StageFacts, ...]
    comparison: Comparison
    calibration: tuple[CalibrationFacts, ...]
    operating: OperatingPoint = Field(
        description="of the stage to keep, with predictive values at the test part's prevalence"
    )
    versions: dict[str, str]
    split_sha256: str

    def part(self, name: Part) -> PartFacts:
        """One part of the data."""
        return {part.part: part for part in self.data.parts}[name]

    @property
    def kept(self) -> StageResult:
        """The stage that the comparison keeps, else the last."""
        return self.comparison.kept


def facts_of(run: Run) -> Facts:
    """Read a run.

    Raises:
        RunError: It cannot be read, or no stage of it is finished.
    """
    config = run.config
    comparison = compare(run)
    weights = config.weights
    return Facts(
        run=run.name,
        created=config.created,
        protocol=config.protocol,
        data=_data(run),
        weights=weights.source if weights else None,
        weights_sha256=weights.sha256 if weights else None,
        stages=_stages(run, comparison),
        comparison=comparison,
        calibration=_calibration(run, comparison),
        operating=_operating(run, comparison),
        versions=dict(sorted(config.versions.items())),
        split_sha256=file_sha256(run.path / "split.csv"),
    )


def _operating(run: Run, comparison: Comparison) -> OperatingPoint:
    parts = part_views(run, run.predictions(comparison.kept.name))
    share = parts["test"].truth.mean() if len(parts["test"].rows) else 0.0
    return operating_point(
        parts["validation"],
        parts["test"],
        prevalence=float(share) if 0 < share < 1 else None,
    )


def _data(run: Run) -> DataFacts:
    data, split = run.config.data, run.split()
    patients = data.patients
    return DataFacts(
        folder=data.folder,
        negative=data.negative,
        positive=data.positive,
        already_split=data.already_split,
        already_cropped=data.already_cropped,
        patients=None if patients is None else "table" if patients.table else "pattern",
        patients_known=data.patients_known,
        scans=split["file"].nunique(),
        parts=tuple(_part(split[split["split"] == part], part, run.classes) for part in PARTS),
    )


def _part(rows: pd.DataFrame, part: Part, classes: tuple[str, str]) -> PartFacts:
    scans = rows.drop_duplicates("file")
    return PartFacts(
        part=part,
        scans=len(scans),
        pictures=len(rows),
        positive_share=float((rows["label"] == classes[1]).mean()) if len(rows) else None,
        groups=rows["group" if "group" in rows else "file"].nunique(),
        classes={name: int((scans["label"] == name).sum()) for name in classes},
    )


def _stages(run: Run, comparison: Comparison) -> tuple[StageFacts, ...]:
    found = []
    for result in comparison.stages:
        record = run.metrics(result.name)
        stage = record.get("stage") or run.protocol.stage(result.name).model_dump()
        found.append(
            StageFacts(
                name=result.name,
                title=result.title,
                unfrozen=tuple(stage["unfrozen"]),
                trainable_parameters=result.trainable_parameters,
                learning_rate=result.learning_rate,
                epochs=stage["epochs"],
                epochs_run=result.epochs,
                best_epoch=result.best_epoch,
                stale=result.stale,
                model_sha256=record.get("model_sha256"),
            )
        )
    return tuple(found)


def _calibration(run: Run, comparison: Comparison) -> tuple[CalibrationFacts, ...]:
    found = []
    for stage in comparison.stages:
        table = run.predictions(stage.name)
        test = table[table["split"] == "test"]
        rescaled = None
        if stage.temperature is not None:
            rescaled = with_temperature(test, stage.temperature)
        found.append(
            CalibrationFacts(
                name=stage.name,
                title=stage.title,
                temperature=stage.temperature,
                calibration_error=stage.test.calibration_error,
                brier=stage.test.brier,
                calibration_error_rescaled=None
                if rescaled is None
                else calibration_error(rescaled, run.positive),
                brier_rescaled=None
                if rescaled is None
                else summarise(rescaled, run.positive).brier,
            )
        )
    return tuple(found)
