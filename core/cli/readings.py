"""`readings`: what people said of the network's answers, counted, checked and exported."""

from pathlib import Path
from typing import Annotated

import typer

from core.cli.options import Json, WorkspaceFolder, workspace_at
from core.cli.terminal import answer, answers, note, table
from core.errors import SettingError
from core.evaluation.intervals import Interval
from core.evaluation.percent import percent
from core.readings.log import Contents, Log
from core.readings.tally import CAUTION, Tally, disagreements, tally

COUNTS = ("readings", "agree", "disagree", "unsure")


def readings(
    verify: Annotated[
        bool, typer.Option("--verify", help="Only check the chain of hashes, and say its last.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all lines: a table for .csv, else .jsonl."),
    ] = None,
    workspace: WorkspaceFolder = None,
    as_json: Json = False,
) -> int:
    """Count what people said of the network's answers.

    The log is checked in any case; the exit status is 1 when it is not as it was written.
    """
    log = Log(workspace_at(workspace).readings)
    if export is not None and export.suffix.lower() not in (".csv", ".jsonl"):
        raise SettingError(
            "a file that ends in .csv or .jsonl", f"'{export}' was given", "Rename it."
        )
    contents = log.contents()
    if export is not None:
        log.export(export)
    if as_json:
        answer(
            {
                "intact": contents.fault is None,
                "fault": contents.fault,
                "remark": contents.remark,
                "lines": len(contents.readings),
                "last_hash": contents.last_hash,
                "models": [model.model_dump(mode="json") for model in tally(contents.readings)],
                "disagreements": [
                    reading.model_dump(mode="json") for reading in disagreements(contents.readings)
                ],
            }
        )
    elif verify:
        answers.print(_verdict(contents), soft_wrap=True)
    elif export is None:
        _show(contents)
    if contents.remark:
        note(contents.remark)
    if contents.fault:
        note(f"The log of readings is not as it was written: {contents.fault}.")
        return 1
    return 0


def _verdict(contents: Contents) -> str:
    if contents.fault:
        return f"Not intact: {contents.fault}."
    return f"Intact: {len(contents.readings)} lines, the last with hash {contents.last_hash}."


def _show(contents: Contents) -> None:
    if not contents.readings:
        answers.print("Nobody has called an answer yet. That is done on the Explain page.")
        return
    shown = table("run", "stage", *COUNTS, "agreement", "kappa", numbers=(*COUNTS, "agreement"))
    for model in tally(contents.readings):
        counts = (str(getattr(model, name)) for name in COUNTS)
        shown.add_row(model.run, model.stage, *counts, _agreement(model), _kappa(model))
    answers.print(shown)
    answers.print(f"\n{CAUTION} Brackets: 95 % intervals.")


def _agreement(model: Tally) -> str:
    between = model.agreement_interval
    spread = f" ({100 * between[0]:.0f}–{100 * between[1]:.0f})" if between else ""
    return percent(model.agreement) + spread


def _kappa(model: Tally) -> str:
    return "–" if model.kappa is None else f"{model.kappa:.2f}" + _between(model.kappa_interval)


def _between(interval: Interval | None) -> str:
    return f" ({interval[0]:.2f}–{interval[1]:.2f})" if interval else ""
