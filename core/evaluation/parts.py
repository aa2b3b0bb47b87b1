"""One part of the data as one stage sees it: its figures, its intervals and its resamples."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.calibration import (
    calibration_error,
    calibration_error_interval,
)
from core.evaluation.groups import grouped
from core.evaluation.intervals import (
    GroupBootstrap,
    Interval,
    auc_score,
    is_point,
    mean_of_shares,
    percentile,
)
from core.evaluation.metrics import (
    THRESHOLD,
    Floats,
    Summary,
    Truth,
    log_losses,
    probability,
    squared_errors,
    summarise,
    truth,
)
from core.evaluation.results import PARTS, Part, PartResult
from core.training.runs import Run


@dataclass(frozen=True)
class PartView:
    """One part of the data as one stage sees it, with its resamples."""

    rows: pd.DataFrame
    positive: str
    seed: int

    @cached_property
    def truth(self) -> Truth:
        """Whether each picture is positive, bool (n,)."""
        return truth(self.rows, self.positive)

    @cached_property
    def probability(self) -> Floats:
        """Of the positive class, (n,)."""
        return probability(self.rows)

    @cached_property
    def right(self) -> Truth:
        """Whether each picture was called right, bool (n,)."""
        return self.right_from(THRESHOLD)

    def right_from(self, threshold: float) -> Truth:
        """Whether each picture is called right when positive is called from there on, (n,)."""
        right: Truth = (self.probability >= threshold) == self.truth
        return right

    @cached_property
    def losses(self) -> Floats:
        """Cross-entropy of each picture, (n,)."""
        return log_losses(self.rows, self.positive)

    @cached_property
    def summary(self) -> Summary:
        """All figures without their intervals."""
        return summarise(self.rows, self.positive)

    @cached_property
    def group(self) -> NDArray[np.generic]:
        """Which pictures are near copies, (n,)."""
        group: NDArray[np.generic] = self.rows["group"].to_numpy()
        return group

    @cached_property
    def bootstrap(self) -> GroupBootstrap:
        """Resamples; the same in every stage, for groups and seed are, and so paired."""
        return GroupBootstrap.of(self.group, seed=self.seed)

    @property
    def clustered(self) -> bool:
        """Whether pictures come in groups so large that none may be taken as independent."""
        return self.bootstrap.clustered

    @cached_property
    def accuracies(self) -> Floats:
        """Accuracy in each resample."""
        return self.bootstrap.means(self.right.astype(np.float64))

    @cached_property
    def mean_losses(self) -> Floats:
        """Loss in each resample."""
        return self.bootstrap.means(self.losses)

    @cached_property
    def resampled(self) -> dict[str, Floats]:
        """Each figure in each resample, by its name; not a number where it is not defined."""
        right = self.right.astype(np.float64)
        return {
            "accuracy": self.accuracies,
            "loss": self.mean_losses,
            "sensitivity": self.bootstrap.means(right, self.truth),
            "specificity": self.bootstrap.means(right, ~self.truth),
            "balanced_accuracy": self.bootstrap.balanced_accuracies(self.truth, self.right),
            "auc": self.bootstrap.aucs(self.truth, self.probability),
            "average_precision": self.bootstrap.average_precisions(self.truth, self.probability),
            "brier": self.bootstrap.means(squared_errors(self.rows, self.positive)),
        }

    def result(self) -> PartResult:
        """All figures with their intervals."""
        figures: dict[str, Any] = vars(self.summary) | {
            "calibration_error": calibration_error(self.rows, self.positive)
        }
        intervals = self._intervals(self.summary)
        return PartResult(
            **figures,
            groups=self.bootstrap.groups,
            intervals={k: v if figures[k] is not None else None for k, v in intervals.items()},
        )

    def _intervals(self, summary: Summary) -> dict[str, Interval | None]:
        sensitivity = self.bootstrap.share(self.right, self.truth)
        specificity = self.bootstrap.share(self.right, ~self.truth)
        balanced_accuracy = percentile(self.resampled["balanced_accuracy"])
        auc = percentile(self.resampled["auc"])
        average_precision = percentile(self.resampled["average_precision"])
        # Where no resample differs from another (all right, or all ranked right), resampling
        # has nothing to say, and a score interval takes its place.
        if is_point(balanced_accuracy) and sensitivity and specificity:
            balanced_accuracy = mean_of_shares(
                summary.sensitivity or 0.0, sensitivity, summary.specificity or 0.0, specificity
            )
        if is_point(auc) and summary.auc is not None:
            positives, negatives = map(self.bootstrap.groups_among, (self.truth, ~self.truth))
            auc = auc_score(summary.auc, positives, negatives)
        return {
            "accuracy": self.bootstrap.share(self.right),
            "loss": percentile(self.mean_losses),
            "sensitivity": sensitivity,
            "specificity": specificity,
            "balanced_accuracy": balanced_accuracy,
            "auc": auc,
            "average_precision": None if is_point(average_precision) else average_precision,
            "brier": percentile(self.resampled["brier"]),
            "calibration_error": calibration_error_interval(
                self.rows, self.positive, self.bootstrap
            ),
        }


def part_views(run: Run, predictions: pd.DataFrame) -> dict[Part, PartView]:
    """What was predicted of each part, in a fixed order, with the group of each picture."""
    rows = grouped(run, predictions)
    by_part = {part: rows[rows["split"] == part] for part in PARTS}
    # Views are harder than pictures as they are. Where validation has none, training is
    # measured without them too: else the gap between the two would hide overfitting.
    as_they_are = by_part["train"][by_part["train"]["view"] == 0]
    if (by_part["validation"]["view"] == 0).all() and len(as_they_are):
        by_part["train"] = as_they_are
    return {
        part: PartView(table.reset_index(drop=True), run.positive, run.protocol.seed)
        for part, table in by_part.items()
    }
