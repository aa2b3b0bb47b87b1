"""`predict`: what a run's network says of scans, and what in them spoke for it."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from PIL import Image

from core.cli.options import Json, RunName, WorkspaceFolder, as_window, workspace_at
from core.cli.terminal import answer, answers, note, percent, progress_bars, table
from core.data.index import read_file
from core.errors import SettingError, UnreadableScan
from core.explanation.geometry import overlay
from core.imaging.reading import PLANES, Plane, Selection
from core.imaging.scans import MIDDLE
from core.imaging.series import is_slice, pack, scan_files
from core.prediction import Prediction, Predictor, suspicion
from core.storage import write_bytes


def predict(
    name: RunName,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Scans of any format, ZIP archives, folders; the DICOM files of a folder are "
            "taken as a series.",
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
    sources = [source for path in files for source in sources_at(path)]
    run = workspace_at(workspace).run(name)
    finished = run.finished_stages()
    predictor = Predictor(
        run, stage or (finished[-1] if finished else run.protocol.stages[-1].name)
    )
    results: list[dict[str, Any]] = []
    with progress_bars() as progress:
        for number, source in enumerate(sources, start=1):
            how = Question(
                selection,
                every_slice,
                override,
                explain / f"{number:03d}-{source.stem}" if explain else None,
            )
            results += ask_source(predictor, source, how, partial(progress, "Slices of a volume"))
            progress("Asking the network", number, len(sources))
    if as_json:
        answer(answers_json(predictor, results))
    else:
        show_answers(results)
    if all(result["status"] == "unreadable" for result in results):
        note("Expected at least one file with a scan in it, but none could be read.")
        return 2
    return 0


@dataclass(frozen=True)
class Source:
    """A file, or a folder of slices, that is asked about."""

    name: str
    read: Callable[[], bytes]

    @property
    def stem(self) -> str:
        """Its name without folder and ending."""
        return Path(Path(self.name).name.removesuffix(".gz")).stem


@dataclass(frozen=True)
class Question:
    """What is asked of a source.

    Attributes:
        selection: Which picture of it.
        every_slice: Whether all slices are answered for.
        override: Whether refused pictures are answered for too.
        target: Where maps go, without the ending; none for no maps.
    """

    selection: Selection = MIDDLE
    every_slice: bool = False
    override: bool = False
    target: Path | None = None


def sources_at(path: Path) -> list[Source]:
    """A file, or what is in a folder: its DICOM files as one source, any other file as one.

    Raises:
        SettingError: There is nothing there.
    """
    if path.is_file():
        return [Source(str(path), partial(read_file, path))]
    files = scan_files(path) if path.is_dir() else []
    if not files:
        raise SettingError(
            "files with scans in them",
            f"'{path}' is an empty folder" if path.is_dir() else f"there is no file '{path}'",
            "Correct the path.",
        )
    slices = [file for file in files if is_slice(file)]
    series = [Source(str(path), partial(pack, slices))] if len(slices) > 1 else []
    alone = [file for file in files if len(slices) < 2 or file not in set(slices)]
    return series + [Source(str(file), partial(read_file, file)) for file in alone]


def ask_source(
    predictor: Predictor,
    source: Source,
    question: Question,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """The answers for one source, as `predict --json` documents them."""
    try:
        data = source.read()
    except UnreadableScan as error:
        unread = Prediction(
            source.name,
            "unreadable",
            predictor.stage,
            predictor.model_sha256,
            reason=error.reason,
        )
        return [unread.to_json()]
    if not question.every_slice:
        found = predictor.predict(
            data,
            source.name,
            selection=question.selection,
            override=question.override,
            explain=question.target is not None,
        )
        return [_kept(found, question.target)]
    slices = predictor.predict_slices(
        data,
        source.name,
        selection=question.selection,
        override=question.override,
        explain=question.target is not None,
        progress=progress,
    )
    records = [_kept(found, question.target) for found in slices]
    positive = predictor.run.positive
    return sorted(records, key=lambda record: -suspicion(record["probability"], positive))


def ask(predictor: Predictor, path: Path, target: Path | None = None) -> dict[str, Any]:
    """The answer for one file; its map goes to `target`, without the ending."""
    source = Source(str(path), partial(read_file, path))
    return ask_source(predictor, source, Question(target=target))[0]


def _kept(found: Prediction, target: Path | None) -> dict[str, Any]:
    """An answer as a record, its map written."""
    if target is None or found.scan is None or found.map is None:
        return found.to_json()
    png = io.BytesIO()
    Image.fromarray(overlay(found.scan.pixels, found.map)).save(png, "PNG")
    number = f"-{found.slice}" if found.scan.slices > 1 else ""
    path = target.with_name(f"{target.name}{number}.png")
    write_bytes(path, png.getvalue())
    return found.to_json(str(path))


def answers_json(predictor: Predictor, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Answers with what gave them, as `predict --json` documents it."""
    return {
        "run": predictor.run.name,
        "stage": predictor.stage,
        "model_sha256": predictor.model_sha256,
        "results": results,
    }


def show_answers(results: list[dict[str, Any]]) -> None:
    """Print a line for each file."""
    shown = table("answer", "probability", "file", numbers=("probability",))
    for result in results:
        label = result["label"]
        more = [result["reason"], *result["cautions"], result["map"]]
        if result["overridden"]:
            more[0] = f"Answered on demand. {more[0]}"
        place = f", slice {result['slice']}" if (result["slices"] or 1) > 1 else ""
        shown.add_row(
            label or result["status"],
            percent(result["probability"][label]) if label else "–",
            "\n".join([result["file"] + place, *filter(None, more)]),
        )
    answers.print(shown)
    answers.print("\nResearch use only, not for diagnosis.")
