"""`crossval`: every scan predicted by a network that has not met it, in one table."""

from pathlib import Path
from typing import Annotated

import typer

from core.cli.experiment import Experiment, launch, with_experiment
from core.cli.options import Detach, Json, WorkspaceFolder, workspace_at
from core.cli.watching import attend, conclude
from core.errors import SettingError
from core.training import jobs
from core.training.crossval import CrossValidation

FOLDS = 5


@with_experiment
def crossval(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="Two class folders. May be left out for one that is there."
        ),
    ] = None,
    *,
    folds: Annotated[
        int | None, typer.Option(metavar="N", min=2, help=f"{FOLDS} unless told otherwise.")
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="N,…", help="A repetition for each; else the protocol's alone."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of the cross-validation. One that is there goes on."),
    ] = None,
    asked: Experiment,
    workspace: WorkspaceFolder = None,
    detach: Detach = False,
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="A table for documents.")] = False,
) -> int:
    """Cross-validate the stages, near copies kept together.

    Trains every fold and prints what all of them predicted of the scans they had not met. With
    the name of one that is there, goes on with what is unfinished, or prints its table.
    """
    where = workspace_at(workspace)
    wanted, chosen, numbers = asked.wanted, asked.chosen, _numbers(seeds)
    if "seed" in chosen:
        raise SettingError("--seeds for a cross-validation", "seed was set", "Use --seeds.")
    found = next((known for known in where.crossvals() if known.name == name), None)
    if found is None:
        if folder is None:
            raise SettingError(
                "a folder of scans, or the name of a cross-validation that is there",
                f"'{name}' is none in {where.path}" if name else "neither was given",
                "Name the folder.",
            )
        plan = asked.plan()
        dataset, groups = asked.scans(folder)
        found = jobs.create_crossval(
            where,
            dataset,
            plan,
            groups,
            folds=folds or FOLDS,
            seeds=numbers or [plan.seed],
            name=name,
            weights_path=asked.weights,
            cached=asked.cached is not False,
            patients=asked.patients,
        )
        launch(found, jobs.start_crossval, wanted, dataset)
    else:
        for stage in wanted or [stage.name for stage in found.protocol.stages]:
            chosen |= {f"stages.{stage}.{path}": value for path, value in asked.changes.items()}
        asked.expect_same(
            found, folder, chosen, folds=folds, seeds=",".join(map(str, numbers)) or None
        )
        _go_on(found, wanted)
    if markdown and not (detach or as_json):
        ended = attend(found, where)
        if not ended:
            from core.cli.pooled import show_pooled  # loads the statistics

            show_pooled(found, as_json=False, markdown=True)
        return ended
    return conclude(found, where, detach=detach, as_json=as_json)


def _numbers(text: str | None) -> list[int]:
    """`7,8` as a list in order; empty when nothing was given."""
    try:
        return sorted(int(number) for number in (text or "").split(",") if number.strip())
    except ValueError as error:
        raise SettingError(
            "whole numbers separated by commas, as 7,8", f"'{text}' was given", "Correct --seeds."
        ) from error


def _go_on(found: CrossValidation, wanted: list[str] | None) -> None:
    """Train what is unfinished: of what was asked for before, or of the stages named now."""
    if found.status.active:
        return
    finished = found.finished_stages()
    if wanted is None and any(run.recorded_status.requested for run in found.runs()):
        jobs.resume(found)
    elif not finished or any(stage not in finished for stage in wanted or ()):
        jobs.start_crossval(found, wanted)
