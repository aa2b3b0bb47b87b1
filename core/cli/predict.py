"""`predict`: what a run's network says of scans, and what in them spoke for it."""

import io
from pathlib import Path
from typing import Annotated, Any

import typer
from PIL import Image

from core.cli.options import Json, RunName, WorkspaceFolder, workspace_at
from core.cli.terminal import answer, answers, note, percent, progress_bar, table
from core.data.index import read_file
from core.errors import SettingError, UnreadableScan
from core.evaluation.mark import mark_of
from core.explanation.geometry import overlay
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
    with progress_bar("Asking the network") as progress:
        for number, path in enumerate(files, start=1):
            stem = Path(path.name.removesuffix(".gz")).stem
            target = explain / f"{number:03d}-{stem}.png" if explain else None
            results.append(ask(predictor, path, slice, target))
            progress(number, len(files))
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
    predictor: Predictor, path: Path, slice: int | None = None, target: Path | None = None
) -> dict[str, Any]:
    """The answer for one file, as `predict --json` documents it; its map goes to `target`."""
    try:
        data = read_file(path)
    except UnreadableScan as error:
        return {
            "file": str(path),
            "status": "unreadable",
            "label": None,
            "probability": None,
            "reason": error.reason,
            "map": None,
        }
    prediction = predictor.predict(data, str(path), slice, explain=target is not None)
    if target is None or prediction.scan is None or prediction.map is None:
        return prediction.to_json()
    png = io.BytesIO()
    Image.fromarray(overlay(prediction.scan.pixels, prediction.map)).save(png, "PNG")
    write_bytes(target, png.getvalue())
    return prediction.to_json(str(target))


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
        more = "".join(f"\n{result[key]}" for key in ("reason", "map") if result[key])
        shown.add_row(
            label or result["status"],
            percent(result["probability"][label]) if label else "–",
            result["file"] + more,
        )
    answers.print(shown)
    answers.print("\nResearch use only, not for diagnosis.")
