"""The stages of a run side by side, each figure with its interval, and which to keep."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.config import Stage
from core.evaluation.average import AVERAGE, AVERAGE_TITLE, average
from core.evaluation.baselines import baseline_results, baseline_views, hold_against
from core.evaluation.calibration import fit_temperature
from core.evaluation.intervals import percentile
from core.evaluation.keep import Candidate, choose, effect_of, note
from core.evaluation.mark import leakage_of, mark_of
from core.evaluation.operating import SENSITIVITY, operating_point
from core.evaluation.pairs import pairs_of
from core.evaluation.parts import PartView, part_views
from core.evaluation.results import (
    HELD_OUT,
    AverageResult,
    Comparison,
    Gap,
    Pair,
    Part,
    PartResult,
    StageResult,
)
from core.model.architecture import trainable_parameters
from core.training.runs import Run


def compare(
    run: Run, *, sensitivity: float = SENSITIVITY, prevalence: float | None = None
) -> Comparison:
    """Compare the finished stages of a run.

    Everything follows from `predictions.csv`, `history.csv` and `split.csv`; resampling is
    seeded by the protocol, so that the same run always gives the same figures.

    Args:
        run: At least one of its stages is finished.
        sensitivity: Wanted of each stage's operating point.
        prevalence: For its predictive values; none leaves them out.

    Raises:
        RunError: No stage is finished yet.
        SettingError: Sensitivity or prevalence is outside what is possible.
    """
    config = run.config
    names = run.expect_finished_stages()
    leaks = leakage_of(run)
    views = {name: part_views(run, run.predictions(name)) for name in names}
    pairs = [
        pair for part in HELD_OUT for pair in pairs_of({n: v[part] for n, v in views.items()}, part)
    ]
    stages = _stages(run, views, pairs, sensitivity, prevalence)
    baselines = baseline_views(run)
    beats = hold_against(
        {stage.name: (stage.title, views[stage.name]["test"]) for stage in stages}, baselines
    )
    stages = [s.model_copy(update={"beats": beats.get(s.name)}) for s in stages]
    keep = choose(
        [
            Candidate(
                name=stage.name,
                title=stage.title,
                validation=stage.validation,
                gap=stage.overfitting,
                effect=stage.effect,
            )
            for stage in stages
        ],
        {(p.first, p.second): p.loss.p_holm for p in pairs if p.part == "validation"},
    )
    return Comparison(
        run=run.name,
        protocol=config.protocol.name,
        caveat=config.protocol.caveat,
        leakage=leaks,
        mark=mark_of(run),
        negative=config.data.negative,
        positive=config.data.positive,
        stages=stages,
        pairs=pairs,
        baselines=baseline_results(baselines),
        average=_average(run, names),
        keep=keep,
    )


def _average(run: Run, names: list[str]) -> AverageResult | None:
    """Pairs have been made of the stages, so that they are known to have the same pictures."""
    if len(names) < 2:
        return None
    rows = average([run.predictions(name) for name in names])
    parts = part_views(run, rows)
    return AverageResult(
        name=AVERAGE,
        title=AVERAGE_TITLE,
        validation=parts["validation"].result(),
        test=parts["test"].result(),
    )


def _stages(
    run: Run,
    views: Mapping[str, Mapping[Part, PartView]],
    pairs: list[Pair],
    sensitivity: float,
    prevalence: float | None,
) -> list[StageResult]:
    history = run.history()
    steps = {(p.first, p.second): p.loss for p in pairs if p.part == "validation"}
    stale: dict[str, bool] = {}
    results: list[StageResult] = []
    for name, parts in views.items():
        record = run.metrics(name)
        settings = _settings(run, name, record)
        epochs = history[history["stage"] == name]
        best = epochs.loc[epochs["best"] == 1, "epoch"]
        stale[name] = _is_stale(run, name, record, stale)
        part = {which: view.result() for which, view in parts.items()}
        before = results[-1] if results else None
        step = steps.get((before.name, name)) if before else None
        effect = effect_of(step.value, step.p_holm) if step else "start"
        results.append(
            StageResult(
                name=name,
                title=settings.title,
                epochs=len(epochs),
                best_epoch=int(best.iloc[-1]) if len(best) else record.get("best_epoch"),
                trainable_parameters=trainable_parameters(run.protocol, settings),
                learning_rate=settings.learning_rate,
                train=part["train"],
                validation=part["validation"],
                test=part["test"],
                overfitting=_gap(parts, part),
                temperature=fit_temperature(parts["validation"].rows, parts["validation"].positive),
                worse=_is_higher(part["validation"], before.validation if before else None),
                stale=stale[name],
                effect=effect,
                note=note(effect, step.value, step.interval) if step else note("start", None, None),
                operating_point=operating_point(
                    parts["validation"], parts["test"], sensitivity, prevalence
                ),
            )
        )
    return results


def _settings(run: Run, name: str, record: Mapping[str, Any]) -> Stage:
    """What the stage was trained with: a stage repeated later may differ from the protocol."""
    kept = record.get("stage")
    return Stage.model_validate(kept) if isinstance(kept, dict) else run.protocol.stage(name)


def _is_stale(run: Run, name: str, record: Mapping[str, Any], known: Mapping[str, bool]) -> bool:
    """Whether the checkpoint that the stage started from is no longer the one shown."""
    before = run.protocol.before(name)
    if before is None:
        return False
    if before.name not in known:
        return True
    origin = record.get("started_from")
    return known[before.name] or origin != run.metrics(before.name).get("model_sha256")


def _is_higher(part: PartResult, before: PartResult | None) -> bool:
    if before is None or part.loss is None or before.loss is None:
        return False
    return part.loss > before.loss


def _gap(views: Mapping[Part, PartView], part: Mapping[Part, PartResult]) -> Gap:
    train, validation = views["train"], views["validation"]
    # Both parts draw with the same seed: shuffled, one resample knows nothing of the other.
    shuffled = np.random.default_rng(train.seed).permutation(len(train.mean_losses))
    loss = _minus(part["validation"].loss, part["train"].loss)
    accuracy = _minus(part["train"].accuracy, part["validation"].accuracy)
    return Gap(
        loss=loss,
        accuracy=accuracy,
        intervals={
            "loss": percentile(validation.mean_losses - train.mean_losses[shuffled])
            if loss is not None
            else None,
            "accuracy": percentile(train.accuracies[shuffled] - validation.accuracies)
            if accuracy is not None
            else None,
        },
    )


def _minus(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second
