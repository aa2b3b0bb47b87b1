"""The shape of a comparison: what `compare --json` prints and every page and figure reads.

Shares are 0 to 1, losses natural logarithms. What is not defined is None, and so is the
interval of it.
"""

from typing import Literal

from pydantic import Field

from core.config import Frozen
from core.evaluation.intervals import CONFIDENCE, Interval

Part = Literal["train", "validation", "test"]
HeldOut = Literal["validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
HELD_OUT: tuple[HeldOut, ...] = ("validation", "test")

Effect = Literal["start", "better", "no measurable change", "worse"]


class PartResult(Frozen):
    """The figures of one part of the data, at a stage's best checkpoint."""

    n: int = Field(description="pictures")
    groups: int = Field(
        description="so many are independent: near copies, and scans of a known patient, count once"
    )
    accuracy: float | None
    loss: float | None
    confusion: list[list[int]] = Field(description="[[tn, fp], [fn, tp]]")
    sensitivity: float | None
    specificity: float | None
    balanced_accuracy: float | None
    auc: float | None
    average_precision: float | None
    brier: float | None
    calibration_error: float | None
    intervals: dict[str, Interval | None] = Field(description="by the name of the figure")


class Gap(Frozen):
    """Overfitting: by how much training looks better than validation at the kept checkpoint."""

    loss: float | None = Field(description="validation loss minus training loss")
    accuracy: float | None = Field(description="training accuracy minus validation accuracy")
    intervals: dict[str, Interval | None]


class Margin(Frozen):
    """By how much a stage is above the baseline that is best at this figure, on test."""

    baseline: str = Field(description="which one that is")
    value: float | None = Field(description="the stage's figure minus the baseline's")
    interval: Interval | None
    p: float | None
    p_holm: float | None = Field(None, description="corrected for both figures of all stages")


class Beats(Frozen):
    """Whether a stage is better than every baseline, on test."""

    verdict: Literal["beats", "no measurable difference", "does not beat"]
    accuracy: Margin = Field(description="McNemar's exact test")
    auc: Margin = Field(description="DeLong's test")
    words: str


class Beside(Frozen):
    """What stands beside the stages, on the parts that it predicted."""

    name: str
    title: str
    validation: PartResult
    test: PartResult


class BaselineResult(Beside):
    """A simple method that a trained network has to beat."""


class AverageResult(Beside):
    """The mean of the probabilities of all finished stages, taken as one prediction."""


class OperatingResult(Frozen):
    """What a threshold gives on one part."""

    n: int
    confusion: list[list[int]] = Field(description="[[tn, fp], [fn, tp]]")
    sensitivity: float | None
    specificity: float | None
    intervals: dict[str, Interval | None] = Field(
        default_factory=dict, description="by the name of the figure"
    )


class PredictiveValue(Frozen):
    """How often a call is right at some prevalence."""

    value: float
    interval: Interval


class OperatingPoint(Frozen):
    """The threshold for a wanted sensitivity, chosen on validation."""

    wanted_sensitivity: float
    threshold: float | None = Field(description="from which probability on: positive")
    validation: OperatingResult
    test: OperatingResult
    prevalence: float | None = Field(description="as the user says")
    positive_predictive_value: PredictiveValue | None = Field(description="from test's figures")
    negative_predictive_value: PredictiveValue | None
    caution: str | None = Field(description="where validation is too small for such a promise")


class StageResult(Frozen):
    """One finished stage."""

    name: str
    title: str
    epochs: int
    best_epoch: int | None
    trainable_parameters: int
    learning_rate: float
    train: PartResult = Field(
        description="training pictures as they are, without views, where validation has none"
    )
    validation: PartResult
    test: PartResult
    overfitting: Gap
    temperature: float | None = Field(description="fitted on validation; above 1: too sure")
    worse: bool = Field(description="higher validation loss than the stage before")
    stale: bool = Field(description="the stage before was trained anew since")
    effect: Effect = Field(description="against the stage before, on validation loss")
    note: str = Field(description="the effect in words")
    beats: Beats | None = Field(None, description="none for a run without baselines")
    operating_point: OperatingPoint


class Difference(Frozen):
    """A figure of the second stage minus that of the first."""

    value: float | None
    interval: Interval | None
    p: float | None
    p_holm: float | None = Field(None, description="corrected for all pairs of stages on this part")


class Pair(Frozen):
    """Two stages on the same pictures."""

    first: str
    second: str
    part: HeldOut
    consecutive: bool
    n: int
    groups: int
    gained: int = Field(description="wrong in the first stage, right in the second")
    lost: int = Field(description="right in the first stage, wrong in the second")
    accuracy: Difference = Field(description="McNemar's exact test")
    auc: Difference = Field(description="DeLong's test")
    loss: Difference = Field(description="sign-flip test by group")


class Keep(Frozen):
    """The answer to: which stage should I keep?"""

    stage: str | None
    reason: str
    overfitting: str = Field("", description="the gap of the kept stage, in words")
    did_not_help: list[str] = Field(
        default_factory=list, description="other stages without a measurable gain on the one before"
    )
    others: str = Field("", description="the same, in words")


class Comparison(Frozen):
    """All finished stages of a run, side by side."""

    run: str
    protocol: str
    caveat: str | None
    leakage: dict[str, float] = Field(
        description="share of the validation and test pictures with a copy in training"
    )
    mark: str | None = Field(description="said of every result of a split that leaks")
    negative: str
    positive: str
    confidence: float = CONFIDENCE
    stages: list[StageResult]
    pairs: list[Pair]
    baselines: list[BaselineResult]
    average: AverageResult | None = Field(None, description="none with a single stage")
    keep: Keep

    @property
    def beside(self) -> tuple[Beside, ...]:
        """The average of the stages, where there is one, and the simple baselines."""
        return (*([self.average] if self.average else []), *self.baselines)

    @property
    def kept(self) -> StageResult:
        """The stage to keep; the last one where none can be named."""
        return self.stage(self.keep.stage or self.stages[-1].name)

    def stage(self, name: str) -> StageResult:
        """The finished stage of this name (KeyError when there is none)."""
        return {stage.name: stage for stage in self.stages}[name]

    def pair(self, first: str, second: str, part: HeldOut) -> Pair:
        """Two stages, the earlier one first (KeyError when there is no such pair)."""
        return {(p.first, p.second, p.part): p for p in self.pairs}[first, second, part]
