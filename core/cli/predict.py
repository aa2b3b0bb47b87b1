"""`predict`: what a run's network says of scans, and what in them spoke for it."""

import os
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer

from core.cli.examining import PREDICTED, Examiner, Wanted, seen_beside
from core.cli.options import Json, RunName, WorkspaceFolder, as_window, workspace_at
from core.cli.sources import Source, sources_at
from core.cli.terminal import answer, answers, note, progress_bars, table
from core.errors import NoSuchPicture, SettingError, UnreadableScan
from core.evaluation.mark import mark_of
from core.evaluation.precedents import Precedents, in_words
from core.explanation.geometry import overlay
from core.explanation.methods import DEFAULT, METHODS
from core.imaging.reading import PLANES, Plane, Selection
from core.intake import Objection
from core.prediction import Prediction, Predictor, suspicion
from core.reporting.answers import Report, asked_of, document, kind_of
from core.reporting.pictures import png
from core.reporting.statements import chance
from core.storage import write_bytes

LONGEST = 180
"""Bytes of a file's name in that of its map: a name may have 255, with number and ending."""


def predict(
    name: RunName,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Scans of any format, ZIP archives, folders; DICOM files of one series are taken "
            "together.",
        ),
    ],
    stage: Annotated[
        str | None, typer.Option(metavar="NAME", help="Else the last finished stage.")
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(metavar="OUT_DIR", help="Write each scan with its map over it, as PNG."),
    ] = None,
    slice: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Of a volume, from 0; else the middle one."),
    ] = None,
    plane: Annotated[
        str, typer.Option(metavar="NAME", help=f"Of a NIfTI volume: {', '.join(PLANES)}.")
    ] = "axial",
    volume: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Of a series in time or several series, from 0."),
    ] = 0,
    window: Annotated[
        str | None,
        typer.Option(metavar="C,W", help="Centre and width; else as the file says."),
    ] = None,
    every_slice: Annotated[
        bool,
        typer.Option(
            "--every-slice", help="Score all slices of a volume, the most suspicious first."
        ),
    ] = False,
    override: Annotated[
        bool,
        typer.Option("--override", help="Answer for refused pictures too, and mark it."),
    ] = False,
    method: Annotated[
        str, typer.Option(metavar="NAME", help=f"Of the maps: {', '.join(METHODS)}.")
    ] = DEFAULT,
    target: Annotated[
        str, typer.Option(metavar="CLASS", help="What maps explain, or 'predicted'.")
    ] = PREDICTED,
    evidence: Annotated[
        str | None,
        typer.Option(metavar="cheap|full", help="Measure whether a map deserves belief."),
    ] = None,
    all_stages: Annotated[
        bool, typer.Option("--all-stages", help="Ask every finished stage.")
    ] = False,
    similar: Annotated[
        int, typer.Option(metavar="N", min=0, help="Nearest training scans of either class.")
    ] = 0,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Write all answers into a table (.csv) or a document with maps (.html, .pdf); "
            "may be given several times.",
        ),
    ] = None,
    sensitivity: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="In reports, also the call at the threshold that finds so many on validation.",
        ),
    ] = None,
    workspace: WorkspaceFolder = None,
    as_json: Json = False,
) -> int:
    """Predict scans, and explain the answers.

    A file that cannot be read, or should not be answered for, gets a row that says why. The
    exit status is 2 only when no file at all could be read.
    """
    selection = Selection(slice, cast(Plane, plane), volume, as_window(window))
    if every_slice and slice is not None:
        raise SettingError(
            "--slice or --every-slice", "both were given", "Leave one of the two out."
        )
    kinds = {path: kind_of(path) for path in report or ()}
    if sensitivity is not None and not kinds:
        raise SettingError(
            "--report beside --sensitivity", "there was none", "Name a report, or leave it out."
        )
    sources = [source for path in files for source in sources_at(path)]
    run = workspace_at(workspace).run(name)
    predictor = Predictor(run, stage or run.expect_finished_stages()[-1])
    results: list[dict[str, Any]] = []
    wanted = Wanted.of(
        run,
        method,
        target,
        evidence,
        all_stages=all_stages,
        similar=similar,
        selection=selection,
        every_slice=every_slice,
        override=override,
        maps=bool({"html", "pdf"} & set(kinds.values())),
    )
    gathered = None
    if kinds:
        asked = asked_of(run, predictor.stage, sensitivity)
        gathered = Report(asked, datetime.now().astimezone())
    with progress_bars() as progress:
        examiner = Examiner(predictor, wanted, progress, gathered)
        for number, source in enumerate(sources, start=1):
            picture = explain / f"{number:03d}-{_cut(source.stem)}" if explain else None
            try:
                results += ask(examiner, source, picture)
            except NoSuchPicture as error:
                if len(sources) == 1:
                    raise
                results.append(_declined(examiner, source, "refused", error))
            progress("Asking the network", number, len(sources))
    if as_json:
        answer(answers_json(predictor, results))
    else:
        show_answers(results)
        if leaky := mark_of(run):
            answers.print(f"The run that answered is marked. {leaky}")
    for path, kind in kinds.items():
        if gathered is not None:
            write_bytes(path, document(gathered, kind))
            note(f"Written to {path}.")
    if all(result["status"] == "unreadable" for result in results):
        note("Expected at least one file with a scan in it, but none could be read.")
        return 2
    return 0


def ask(examiner: Examiner, source: Source, picture: Path | None = None) -> list[dict[str, Any]]:
    """The answers for one source, as `predict --json` documents them.

    Args:
        examiner: Whom to ask, and what.
        source: What is asked about.
        picture: Where maps go, without the ending; none for no pictures of them.
    """
    predictor, wanted = examiner.predictor, examiner.wanted
    try:
        data = source.read()
    except UnreadableScan as error:
        return [_declined(examiner, source, "unreadable", error)]
    how: dict[str, Any] = {
        "selection": wanted.selection,
        "override": wanted.override,
        "explain": picture is not None or wanted.map,
        "target": wanted.target,
        "method": wanted.method,
    }
    if not wanted.every_slice:
        found = predictor.predict(data, source.name, **how)
        return [_record(examiner, found, picture)]
    progress = partial(examiner.progress, "Slices of a volume")
    slices = predictor.predict_slices(data, source.name, **how, progress=progress)
    records = [_record(examiner, found, picture) for found in slices]
    positive = predictor.run.positive
    return sorted(records, key=lambda record: -suspicion(record["probability"], positive))


def _cut(stem: str) -> str:
    """The beginning of a name that leaves room for what stands around it; whole letters."""
    while len(os.fsencode(stem)) > LONGEST:
        stem = stem[:-1]
    return stem


def _declined(
    examiner: Examiner,
    source: Source,
    status: Literal["refused", "unreadable"],
    error: UnreadableScan | NoSuchPicture,
) -> dict[str, Any]:
    """The answer for a source that there is nothing to ask about."""
    objection = Objection(source.name, status, error.reason)
    return _record(examiner, examiner.predictor.decline(objection))


def _record(examiner: Examiner, found: Prediction, picture: Path | None = None) -> dict[str, Any]:
    """An answer with what is wanted beside it, its map written."""
    written = None
    if picture is not None and found.scan is not None and found.map is not None:
        number = f"-{found.slice}" if found.scan.slices > 1 else ""
        path = picture.with_name(f"{picture.name}{number}.png")
        write_bytes(path, png(overlay(found.scan.pixels, found.map)))
        written = str(path)
    return found.to_json(examiner.wanted.method, written) | examiner.more(found)


def answers_json(predictor: Predictor, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Answers with what gave them, as `predict --json` documents it."""
    return {
        "run": predictor.run.name,
        "stage": predictor.stage,
        "model_sha256": predictor.model_sha256,
        "mark": mark_of(predictor.run),
        "results": results,
    }


def show_answers(results: list[dict[str, Any]]) -> None:
    """Print a line for each file."""
    shown = table("answer", "probability", "file", numbers=("probability",))
    for result in results:
        label = result["label"]
        worth = Precedents(**result["precedents"]) if result["precedents"] else None
        reason = result["reason"]
        more = [
            in_words(worth, label) if worth else None,
            f"Answered on demand. {reason}" if result["overridden"] else reason,
            *result["cautions"],
            result["map"],
            *seen_beside(result),
        ]
        place = f", slice {result['slice']}" if (result["slices"] or 1) > 1 else ""
        if (result["volumes"] or 1) > 1:
            place += f", volume {result['volume']} of {result['volumes']} (--volume)"
        shown.add_row(
            label or result["status"],
            chance(result["probability"][label]) if label else "–",
            "\n".join([result["file"] + place, *filter(None, more)]),
        )
    answers.print(shown)
    answers.print("\nResearch use only, not for diagnosis.")
