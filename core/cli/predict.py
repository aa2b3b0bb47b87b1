"""`predict`: what a run's network says of scans, and what in them spoke for it."""

import io
from pathlib import Path
from typing import Annotated, Any

import typer
from PIL import Image

from core.cli.examining import PREDICTED, Examiner, Wanted, in_words
from core.cli.options import Json, RunName, WorkspaceFolder, workspace_at
from core.cli.terminal import answer, answers, note, percent, progress_bars, table
from core.data.index import read_file
from core.errors import SettingError, UnreadableScan
from core.evaluation.mark import mark_of
from core.explanation.geometry import overlay
from core.explanation.methods import DEFAULT, METHODS
from core.prediction import Predictor
from core.storage import write_bytes


def predict(
    name: RunName,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scans of any format.")],
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
    workspace: WorkspaceFolder = None,
    as_json: Json = False,
) -> int:
    """Predict scans, and explain the answers.

    A file that cannot be read, or should not be answered for, gets a row that says why. The
    exit status is 2 only when no file at all could be read.
    """
    for path in files:
        if not path.is_file():
            raise SettingError(
                "files with scans in them",
                f"'{path}' is a folder" if path.is_dir() else f"there is no file '{path}'",
                "Correct the path.",
            )
    run = workspace_at(workspace).run(name)
    finished = run.finished_stages()
    predictor = Predictor(
        run, stage or (finished[-1] if finished else run.protocol.stages[-1].name)
    )
    results: list[dict[str, Any]] = []
    wanted = Wanted.of(run, method, target, evidence, all_stages, similar)
    with progress_bars() as progress:
        examiner = Examiner(predictor, wanted, progress)
        for number, path in enumerate(files, start=1):
            stem = Path(path.name.removesuffix(".gz")).stem
            picture = explain / f"{number:03d}-{stem}.png" if explain else None
            results.append(ask(examiner, path, slice, picture))
            progress("Asking the network", number, len(files))
    if as_json:
        answer(answers_json(predictor, results))
    else:
        show_answers(results)
        if leaky := mark_of(run):
            answers.print(f"The run that answered is marked. {leaky}")
    if all(result["status"] == "unreadable" for result in results):
        note("Expected at least one file with a scan in it, but none could be read.")
        return 2
    return 0


def ask(
    examiner: Examiner, path: Path, slice: int | None = None, picture: Path | None = None
) -> dict[str, Any]:
    """The answer for one file, as `predict --json` documents it; its map goes to `picture`."""
    predictor, wanted = examiner.predictor, examiner.wanted
    try:
        data = read_file(path)
    except UnreadableScan as error:
        found = predictor.unreadable(str(path), error.reason)
        return found.to_json() | examiner.more(found, b"")
    found = predictor.predict(
        data,
        str(path),
        slice,
        explain=picture is not None or wanted.map,
        target=wanted.target,
        method=wanted.method,
    )
    written = None
    if picture is not None and found.scan is not None and found.map is not None:
        png = io.BytesIO()
        Image.fromarray(overlay(found.scan.pixels, found.map)).save(png, "PNG")
        write_bytes(picture, png.getvalue())
        written = str(picture)
    return found.to_json(written) | examiner.more(found, data)


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
        more = [*filter(None, (result["reason"], result["map"])), *in_words(result)]
        shown.add_row(
            label or result["status"],
            percent(result["probability"][label]) if label else "–",
            "\n".join([result["file"], *more]),
        )
    answers.print(shown)
    answers.print("\nResearch use only, not for diagnosis.")
