"""A cross-validation as a table: what all its folds predicted of the scans they held out."""

from core.cli.terminal import answer, answers, table
from core.evaluation.intervals import Interval
from core.evaluation.pooled import Pooled, PooledStage, pool
from core.reporting.markdown import pooled_table
from core.training.crossval import CrossValidation

COLUMNS = {
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "balanced_accuracy": "balanced",
    "auc": "AUC",
    "loss": "loss",
    "brier": "Brier",
}


def show_pooled(found: CrossValidation, *, as_json: bool, markdown: bool = False) -> None:
    """Print what the folds come to together."""
    pooled = pool(found)
    if as_json:
        answer(pooled.model_dump(mode="json"))
    elif markdown:
        answers.print(pooled_table(pooled), soft_wrap=True)
    else:
        _show(pooled)


def _show(pooled: Pooled) -> None:
    shown = table("stage", *COLUMNS.values(), numbers=tuple(COLUMNS.values()))
    for stage in (*pooled.stages, *pooled.baselines):
        shown.add_row(stage.title, *(_figure(stage, figure) for figure in COLUMNS))
        shown.add_row("", *(_interval(stage.intervals[figure]) for figure in COLUMNS))
    answers.print(shown)
    seeds = ", ".join(map(str, pooled.seeds))
    answers.print(
        f"\n{pooled.scans} scans ({pooled.groups} of them independent), each predicted by the one "
        f"of {pooled.folds} folds that held it out; seed{'s' * (len(pooled.seeds) > 1)} {seeds}. "
        f"Below each figure its {100 * pooled.confidence:.0f} % interval.",
    )
    if pooled.doubts:
        answers.print("\nLabels to look at again: the networks are as sure of the other class.")
        for doubt in pooled.doubts:
            sure = f"{100 * doubt.probability:.1f} %"
            answers.print(f"  {doubt.file}, labelled {doubt.label}: {sure} for the other class")
    if pooled.caveat:
        answers.print(pooled.caveat)


def _figure(stage: PooledStage, name: str) -> str:
    value: float | None = getattr(stage, name)
    return "–" if value is None else f"{value:.3f}"


def _interval(interval: Interval | None) -> str:
    return f"{interval[0]:.3f}–{interval[1]:.3f}" if interval else "–"
