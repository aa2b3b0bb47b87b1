"""A cross-validation as one table: every scan predicted by a network that has not met it.

With one seed a stage is judged as on any test part. With several, a figure is the mean of the
seeds' figures, and its interval is that of this mean over resamples of scans: groups are drawn
once for all seeds together, so that a scan predicted three times is no more evidence than one.
What another choice of scans would change is counted, not only what another seed would.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from pydantic import Field

from core.config import Frozen
from core.errors import RunError
from core.evaluation.average import AVERAGE, AVERAGE_TITLE, average
from core.evaluation.doubts import Doubt, doubts
from core.evaluation.intervals import CONFIDENCE, Interval, bootstrap_p, is_point, percentile
from core.evaluation.metrics import Floats
from core.evaluation.pairs import corrected, expect_same_pictures, pairs_of
from core.evaluation.parts import PartView
from core.evaluation.results import Difference, Pair, PartResult
from core.protocols import changed_settings
from core.training.baselines import BASELINES
from core.training.crossval import CrossValidation

FIGURES = (
    "accuracy",
    "loss",
    "sensitivity",
    "specificity",
    "balanced_accuracy",
    "auc",
    "average_precision",
    "brier",
    "calibration_error",
)


class SeedResult(PartResult):
    """The figures of one repetition."""

    seed: int


class PooledStage(PartResult):
    """One stage over all folds, its figures the mean over the seeds."""

    name: str
    title: str
    confusion: list[list[int]] = Field(description="[[tn, fp], [fn, tp]], all seeds added up")
    by_seed: list[SeedResult]

    @property
    def test(self) -> PartResult:
        """Itself: all its scans were held out. So figures of a part can be drawn of it."""
        return self


class Pooled(Frozen):
    """What a cross-validation comes to: what `crossval --json` prints."""

    crossval: str
    protocol: str
    caveat: str | None
    negative: str
    positive: str
    confidence: float = CONFIDENCE
    settings: dict[str, object] = Field(description="in which the protocol differs from its preset")
    folds: int
    seeds: list[int]
    scans: int
    groups: int = Field(description="of which so many are independent: near copies count once")
    stages: list[PooledStage] = Field(description="in order; last the average of them all")
    pairs: list[Pair] = Field(
        description="every two stages; with several seeds gains and losses are added up, and "
        "tests are by bootstrap"
    )
    baselines: list[PooledStage] = Field(
        description="simple methods on the same folds; empty where a fold has not fitted them"
    )
    doubts: list[Doubt] = Field(
        description="scans whose label the stages speak against, taken together, the surest first"
    )

    @property
    def mark(self) -> str | None:
        """None: folds are dealt by group, so that no copy leaks from one part to another."""
        return None

    def stage(self, name: str) -> PooledStage:
        """The stage of this name (KeyError when there is none)."""
        return {stage.name: stage for stage in self.stages}[name]


def pool(crossval: CrossValidation) -> Pooled:
    """Judge the stages that are finished in every fold, and the average of their probabilities.

    Everything follows from `predictions.csv` and `split.csv` of the folds; resampling is seeded
    by the protocol.

    Raises:
        RunError: No stage is finished in every fold yet.
    """
    config = crossval.config
    names = crossval.finished_stages()
    if not names:
        raise RunError(
            "a stage that is finished in every fold",
            f"'{crossval.name}' has none yet",
            "Let it go on.",
        )
    tables = {name: crossval.predictions(name) for name in names}
    if len(tables) > 1:
        tables[AVERAGE] = average(list(tables.values()))
    titles = {stage.name: stage.title for stage in config.protocol.stages}
    simple = {b: crossval.baseline_predictions(b.name) for b in BASELINES}
    views = {name: _by_seed(table, crossval) for name, table in tables.items()}
    seeds = [int(seed) for seed in tables[names[0]]["seed"].unique()]
    first = views[names[0]][0]
    return Pooled(
        crossval=crossval.name,
        protocol=config.protocol.name,
        caveat=config.protocol.caveat,
        negative=config.data.negative,
        positive=config.data.positive,
        settings=changed_settings(config.protocol),
        folds=config.folds,
        seeds=seeds,
        scans=len(first.rows),
        groups=first.bootstrap.groups,
        stages=[
            _stage(name, titles.get(name, AVERAGE_TITLE), seeds, of_seeds)
            for name, of_seeds in views.items()
        ],
        pairs=_pairs({name: views[name] for name in names}),
        baselines=[
            _stage(baseline.name, baseline.title, seeds, _by_seed(table, crossval))
            for baseline, table in simple.items()
            if table is not None
        ],
        doubts=doubts(tables.get(AVERAGE, tables[names[0]]), config.data.positive),
    )


def _by_seed(table: pd.DataFrame, crossval: CrossValidation) -> list[PartView]:
    """Pooled predictions, judged repetition by repetition."""
    return [
        PartView(rows.reset_index(drop=True), crossval.positive, crossval.protocol.seed)
        for _, rows in table.groupby("seed", sort=False)
    ]


def _stage(name: str, title: str, seeds: Sequence[int], views: Sequence[PartView]) -> PooledStage:
    results = [view.result() for view in views]
    by_seed = [
        SeedResult(seed=seed, **result.model_dump())
        for seed, result in zip(seeds, results, strict=True)
    ]
    together = results[0]
    if len(results) > 1:
        together = PartResult(
            n=results[0].n,
            groups=results[0].groups,
            confusion=np.sum([result.confusion for result in results], axis=0).tolist(),
            **{figure: _mean([getattr(r, figure) for r in results]) for figure in FIGURES},
            intervals={figure: _interval(figure, views, results) for figure in FIGURES},
        )
    return PooledStage(name=name, title=title, by_seed=by_seed, **together.model_dump())


def _interval(
    figure: str, views: Sequence[PartView], results: Sequence[PartResult]
) -> Interval | None:
    """Interval of the mean over the seeds, from resamples that all seeds share."""
    # What error of calibration chance would show the seeds' own intervals know, and no resample.
    if figure in views[0].resampled:
        found = percentile(_resampled(figure, views))
        if not is_point(found):
            return found
    # Where nothing ever differs (all right in every seed) resampling has nothing to say.
    own = [result.intervals[figure] for result in results]
    if any(interval is None for interval in own):
        return None
    low, high = np.mean([interval for interval in own if interval], axis=0)
    return float(low), float(high)


def _resampled(figure: str, views: Sequence[PartView]) -> Floats:
    """Mean over the seeds of a figure, in each resample."""
    mean: Floats = np.mean([view.resampled[figure] for view in views], axis=0)
    return mean


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if len(defined) == len(values) else None


def _pairs(views: Mapping[str, Sequence[PartView]]) -> list[Pair]:
    if all(len(of_seeds) == 1 for of_seeds in views.values()):
        return pairs_of({name: of_seeds[0] for name, of_seeds in views.items()}, "test")
    names = list(views)
    return corrected(
        [
            _pair(first, second, views, names.index(second) - names.index(first) == 1)
            for first, second in combinations(names, 2)
        ]
    )


def _pair(
    first: str, second: str, views: Mapping[str, Sequence[PartView]], consecutive: bool
) -> Pair:
    """Two stages in several seeds, by bootstrap of the mean difference."""
    one, other = views[first], views[second]
    for before, after in zip(one, other, strict=True):
        expect_same_pictures(first, second, before, after)
    gained = sum(int((~a.right & b.right).sum()) for a, b in zip(one, other, strict=True))
    lost = sum(int((a.right & ~b.right).sum()) for a, b in zip(one, other, strict=True))
    return Pair(
        first=first,
        second=second,
        part="test",
        consecutive=consecutive,
        n=len(one[0].rows),
        groups=one[0].bootstrap.groups,
        gained=gained,
        lost=lost,
        accuracy=_difference("accuracy", one, other),
        auc=_difference("auc", one, other),
        loss=_difference("loss", one, other),
    )


def _difference(figure: str, one: Sequence[PartView], other: Sequence[PartView]) -> Difference:
    values = [_mean([getattr(view.summary, figure) for view in views]) for views in (one, other)]
    if values[0] is None or values[1] is None:
        return Difference(value=None, interval=None, p=None)
    resampled = _resampled(figure, other) - _resampled(figure, one)
    interval = percentile(resampled)
    return Difference(
        value=values[1] - values[0],
        interval=None if is_point(interval) else interval,
        p=bootstrap_p(resampled),
    )
