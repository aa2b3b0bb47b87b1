"""`evaluate` and `compare`: what the stages of a run are worth."""

import math
from typing import Annotated, Any

import typer

from core.cli.options import Json, RunName, StageNames, WorkspaceFolder, stage_names, workspace_at
from core.cli.terminal import answer, answers, figure, note, progress_bars, table
from core.evaluation.comparison import compare as compare_stages
from core.evaluation.mark import leakage_of, mark_of
from core.evaluation.metrics import summarise
from core.evaluation.operating import SENSITIVITY, in_words
from core.evaluation.percent import percent
from core.evaluation.results import HELD_OUT, BaselineResult, Beside, Comparison, StageResult
from core.evaluation.verification import TOLERANCE, largest_difference, predict_again
from core.model.architecture import in_short
from core.reporting.markdown import stages_table

CHANGES = {
    "start": "",
    "better": "better",
    "no measurable change": "none",
    "worse": "worse",
}


def compare(
    name: RunName,
    workspace: WorkspaceFolder = None,
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="A table for documents.")] = False,
    sensitivity: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Wanted of the operating point, such as 0.95."),
    ] = SENSITIVITY,
    prevalence: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Positives among those who will be scanned, such as 0.1."
        ),
    ] = None,
) -> None:
    """Set the stages of a run side by side.

    From its predictions on record; those that are finished.
    """
    run = workspace_at(workspace).run(name)
    comparison = compare_stages(run, sensitivity=sensitivity, prevalence=prevalence)
    if as_json:
        answer(comparison.model_dump(mode="json"))
    elif markdown:
        answers.print(stages_table(comparison), soft_wrap=True)
    else:
        show(comparison)


def evaluate(
    name: RunName,
    stages: StageNames = None,
    workspace: WorkspaceFolder = None,
    as_json: Json = False,
) -> int:
    """Evaluate the models of a run anew.

    Each predicts validation and test, the pictures as they are, and is held against the
    predictions on record.
    """
    run = workspace_at(workspace).run(name)
    protocol = run.protocol
    asked = stage_names(stages) or run.expect_finished_stages()
    with progress_bars() as progress:
        tables = predict_again(run, asked, progress)
    found: list[dict[str, Any]] = []
    for stage, rows in tables.items():
        difference = largest_difference(run.predictions(stage), rows)
        parts = {part: rows[rows["split"] == part] for part in HELD_OUT}
        summaries = {part: summarise(table, run.positive) for part, table in parts.items()}
        found.append(
            {
                "name": stage,
                "agrees": difference <= TOLERANCE[protocol.training.precision],
                "largest_difference": difference if math.isfinite(difference) else None,
            }
            | {
                part: {
                    "n": summary.n,
                    "accuracy": summary.accuracy,
                    "loss": summary.loss,
                    "confusion": summary.confusion,
                }
                for part, summary in summaries.items()
            }
        )
    if as_json:
        marked = {"leakage": leakage_of(run), "mark": mark_of(run)}
        answer({"run": run.name, "protocol": protocol.name, **marked, "stages": found})
    else:
        numbers = ("validation accuracy", "loss", "test accuracy", "test loss")
        shown = table("stage", *numbers, "agrees with the record", numbers=numbers)
        for row in found:
            shown.add_row(
                protocol.stage(row["name"]).title,
                percent(row["validation"]["accuracy"]),
                figure(row["validation"]["loss"]),
                percent(row["test"]["accuracy"]),
                figure(row["test"]["loss"]),
                "yes" if row["agrees"] else "NO",
            )
        answers.print(shown)
        if leaky := mark_of(run):
            answers.print(f"\n{leaky}")
    if all(row["agrees"] for row in found):
        return 0
    note(f"The models of '{run.name}' do not say what its predictions.csv says.")
    return 1


def show(comparison: Comparison) -> None:
    """Print the stages side by side, and which to keep."""
    numbers = ("trains", "epochs", "validation", "test", "missed", "alarms")
    shown = table("stage", *numbers, "change", numbers=numbers)
    for stage in comparison.stages:
        shown.add_row(
            stage.title,
            in_short(stage.trainable_parameters),
            f"{stage.best_epoch or '–'}/{stage.epochs}",
            *_held_out(stage),
            "stale" if stage.stale else CHANGES[stage.effect],
        )
    for other in comparison.beside:
        kind = "simple baseline" if isinstance(other, BaselineResult) else "–"
        shown.add_row(other.title, *("–", "–"), *_held_out(other), kind)
    answers.print(shown)
    answers.print(
        "Parameters that train; best epoch of all; accuracy and loss; positives missed and "
        "negatives taken for positive in the test part; change against the stage "
        "before.\n"
    )
    keep = comparison.keep
    kept = comparison.kept
    beats = kept.beats.words if kept.beats else None
    said = (comparison.mark, keep.reason, keep.others, beats, keep.overfitting, comparison.caveat)
    for sentence in said:
        if sentence:
            answers.print(sentence)
    answers.print(
        f"\nOperating point of {kept.title}:",
        *in_words(kept.operating_point, comparison.negative, comparison.positive),
        kept.operating_point.caution or "",
    )


def _held_out(row: StageResult | Beside) -> list[str]:
    """Accuracy and loss on validation and test, positives missed and false alarms."""
    (_, false_alarms), (missed, _) = row.test.confusion
    return [
        f"{percent(row.validation.accuracy)} {figure(row.validation.loss)}",
        f"{percent(row.test.accuracy)} {figure(row.test.loss)}",
        str(missed),
        str(false_alarms),
    ]
