"""Results as Markdown, for documents: `compare RUN --markdown`, `crossval --markdown`."""

from core.evaluation.intervals import Interval
from core.evaluation.percent import percent
from core.evaluation.pooled import Pooled
from core.evaluation.results import BaselineResult, Beside, Comparison, PartResult, StageResult
from core.model.architecture import in_short

# The report's own figures (sections 3.1 to 3.5), where it gives them.
REPORT_ACCURACY = {
    "baseline": ("76.7 %", "75.0 %"),
    "stage1": ("81.1 %", "–"),
    "stage2": ("82.0 %", "83.5 %"),
    "stage3": ("85.4 %", "87.3 %"),
    "final": ("85.4 %", "89.3 %"),
}


def stages_table(comparison: Comparison) -> str:
    """One row a stage: figures with 95 % intervals, beside the report's where it is repeated."""
    beside = comparison.protocol == "report"
    columns = ["stage", "trains", "best epoch", "validation accuracy", "validation loss"]
    columns += ["test accuracy", "test loss", "test AUC", "test confusion", "change"]
    if beside:
        columns += ["the report's validation", "the report's test"]
    rows = [columns, ["---"] * len(columns)]
    for stage in comparison.stages:
        row = [
            stage.title,
            in_short(stage.trainable_parameters),
            f"{stage.best_epoch} of {stage.epochs}",
            *_held_out(stage),
            _change(stage),
        ]
        rows.append(row + list(REPORT_ACCURACY.get(stage.name, ("–", "–"))) if beside else row)
    for other in comparison.beside:
        kind = "simple baseline" if isinstance(other, BaselineResult) else "–"
        row = [other.title, *("–", "–"), *_held_out(other), kind]
        rows.append(row + ["–", "–"] * beside)
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    first = comparison.stages[0]
    marked = f"**{comparison.mark}**\n\n" if comparison.mark else ""
    return (
        f"{marked}{table}\n\n"
        f"{first.train.n} training, {first.validation.n} validation and {first.test.n} test "
        f"pictures as they are; {first.test.groups} independent groups in the test part. "
        f"Positive class: {comparison.positive}. Brackets: 95 % intervals.\n\n"
        f"Which to keep: {comparison.keep.reason}\n" + _against_baselines(comparison)
    )


def _change(stage: StageResult) -> str:
    """What the stage did to validation loss; that it rose is told though it may be chance."""
    if stage.worse and stage.effect != "worse":
        return f"loss worse, {stage.effect}"
    return stage.effect


def _held_out(row: StageResult | Beside) -> list[str]:
    """The figures of a stage or a baseline on validation and test."""
    (tn, fp), (fn, tp) = row.test.confusion
    return [
        _percent(row.validation),
        _number(row.validation, "loss"),
        _percent(row.test),
        _number(row.test, "loss"),
        _number(row.test, "auc"),
        f"tn {tn}, fp {fp}, fn {fn}, tp {tp}",
    ]


def _against_baselines(comparison: Comparison) -> str:
    said = [stage.beats.words for stage in comparison.stages if stage.beats]
    return "\n" + "\n".join(f"- {words}" for words in said) + "\n" if said else ""


def pooled_table(pooled: Pooled) -> str:
    """One row a stage: pooled figures of a cross-validation with their intervals."""
    columns = ["stage", "accuracy", "sensitivity", "specificity", "balanced accuracy", "AUC"]
    columns += ["loss", "Brier"]
    rows = [columns, ["---"] * len(columns)]
    for stage in (*pooled.stages, *pooled.baselines):
        shares = [_percent(stage, name) for name in ("accuracy", "sensitivity", "specificity")]
        rows.append(
            [
                stage.title,
                *shares,
                _percent(stage, "balanced_accuracy"),
                *(_number(stage, name) for name in ("auc", "loss", "brier")),
            ]
        )
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    seeds = ", ".join(map(str, pooled.seeds))
    return (
        f"{table}\n\n"
        f"{pooled.scans} scans ({pooled.groups} independent groups), each predicted by the one of "
        f"{pooled.folds} folds that held it out; seeds {seeds}. "
        f"Positive class: {pooled.positive}. Brackets: 95 % intervals.\n"
    )


def _percent(part: PartResult, name: str = "accuracy") -> str:
    return percent(getattr(part, name), part.intervals.get(name))


def _number(part: PartResult, name: str) -> str:
    value: float | None = getattr(part, name)
    interval: Interval | None = part.intervals.get(name)
    if value is None:
        return "–"
    return f"{value:.3f}" + (f" ({interval[0]:.3f}–{interval[1]:.3f})" if interval else "")
