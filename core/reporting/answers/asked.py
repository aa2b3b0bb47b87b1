"""Who answered: a stage of a run, and what must be known of it beside each answer."""

import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from core.config import Frozen
from core.evaluation.calibration import TEMPERATURES, at_temperature, fit_temperature
from core.evaluation.mark import mark_of
from core.evaluation.metrics import THRESHOLD
from core.evaluation.operating import operating_point
from core.evaluation.parts import part_views
from core.evaluation.percent import percent
from core.evaluation.results import OperatingPoint
from core.reporting.statements import WEIGHTS
from core.training.runs import Run

ROOT = Path(__file__).resolve().parents[3]
NOTICE = "Research use only, not for diagnosis."


class Asked(Frozen):
    """The stage that answered, as a report states it."""

    run: str
    trained: str = Field(description="when the run was made")
    stage: str
    title: str = Field(description="of the stage, among people")
    protocol: str
    caveat: str | None = Field(description="what the protocol itself says against its numbers")
    negative: str
    positive: str
    mark: str | None = Field(description="said of every result of a split that leaks")
    weights: Literal["file", "keras", "random"] | None
    weights_sha256: str | None
    model_sha256: str
    temperature: float | None = Field(description="fitted on validation; above 1: too sure")
    fitted_on: int = Field(description="pictures of validation")
    operating: OperatingPoint | None = Field(description="where a sensitivity was asked for")
    software: str

    def calibrated(self, probability: float) -> float | None:
        """A probability of the positive class at the temperature, if there is one."""
        if self.temperature is None:
            return None
        return float(at_temperature(np.array(probability), self.temperature))

    @property
    def started_from(self) -> str:
        """What VGG19 started from, in words."""
        if self.weights is None:
            return "weights that the run did not record"
        return WEIGHTS[self.weights]

    @property
    def untaught(self) -> bool:
        """Whether the network has learned from nothing but this run's scans."""
        return self.weights == "random"

    @property
    def calibration(self) -> str:
        """How the calibrated probability comes about, in sentences."""
        if self.temperature is None:
            return (
                "Not calibrated: a temperature needs validation scans of both classes, and there "
                "are none."
            )
        said = (
            f"Calibrated by one temperature, {self.temperature:.2f}, which has the lowest "
            f"cross-entropy on the run's {self.fitted_on} validation pictures (Guo et al. 2017). "
            f"{_of(self.temperature)} It moves no scan from one class to the other, and holds for "
            "scans like those of validation: not for one of training, nor for an answer on demand."
        )
        low, high = TEMPERATURES
        if not 1.05 * low < self.temperature < high / 1.05:
            said += (
                " It is at the end of its range: validation is too small or too easy to calibrate "
                "on, and the calibrated probability means little."
            )
        if self.mark:
            said += " Validation is not independent of training here, nor is the temperature."
        return said

    @property
    def at_point(self) -> str:
        """The operating point in few words, as the head of a column."""
        if self.operating is None:
            return ""
        return f"At {100 * self.operating.wanted_sensitivity:g} % sensitivity"

    @property
    def threshold(self) -> str:
        """From where on a scan is called positive, in sentences."""
        said = f"A scan is called {self.positive} from a probability of {percent(THRESHOLD)} on."
        point = self.operating
        if point is None:
            return said
        wanted = percent(point.wanted_sensitivity)
        if point.threshold is None:
            return f"{said} No threshold for a sensitivity of {wanted} can be chosen."
        return " ".join(
            [
                f"{said} For a sensitivity of at least {wanted} on validation it would be from "
                f"{percent(point.threshold)} on, before calibration; on test that finds "
                f"{percent(point.test.sensitivity, point.test.intervals['sensitivity'])} of the "
                f"{self.positive} scans, and leaves alone "
                f"{percent(point.test.specificity, point.test.intervals['specificity'])} of the "
                "others.",
                *filter(None, [point.caution]),
            ]
        )

    def call_at_point(self, probability: float) -> str | None:
        """The class at the operating point; none where there is none."""
        if self.operating is None or self.operating.threshold is None:
            return None
        return self.positive if probability >= self.operating.threshold else self.negative


def asked_of(run: Run, stage: str, sensitivity: float | None = None) -> Asked:
    """Read what a report says of the one who answered.

    Args:
        run: The run.
        stage: Name of a finished stage.
        sensitivity: Wanted of an operating point; none for no such point.

    Raises:
        RunError: The stage is not finished.
        SettingError: There is no such sensitivity.
    """
    config = run.config
    metrics = run.metrics(stage)
    parts = part_views(run, run.predictions(stage))
    validation, test = parts["validation"], parts["test"]
    return Asked(
        run=run.name,
        trained=moment(datetime.fromisoformat(config.created)),
        stage=stage,
        title=config.protocol.stage(stage).title,
        protocol=config.protocol.title,
        caveat=config.protocol.caveat,
        negative=run.classes[0],
        positive=run.positive,
        mark=mark_of(run),
        weights=config.weights.source if config.weights else None,
        weights_sha256=config.weights.sha256 if config.weights else None,
        model_sha256=metrics["model_sha256"],
        temperature=fit_temperature(validation.rows, run.positive),
        fitted_on=len(validation.rows),
        operating=None if sensitivity is None else operating_point(validation, test, sensitivity),
        software=f"NeuroStage {version()}",
    )


@cache
def version() -> str:
    """The version of this software, as its project file has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def moment(when: datetime) -> str:
    """`2026-11-24 16:01 +0100`."""
    return f"{when:%Y-%m-%d %H:%M %z}".strip()


def _of(temperature: float) -> str:
    if temperature > 1:
        return "Above 1: the network is too sure of itself."
    return "Below 1: the network is not sure enough of itself."
