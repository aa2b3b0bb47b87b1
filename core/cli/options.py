"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from core.errors import SettingError
from core.training.runs import Workspace, default_workspace

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Name of a run (see status).")]
Folder = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="Two class folders, or train/valid/test with two class folders inside each.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, alone on stdout.")]
WorkspaceFolder = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        metavar="DIR",
        help="Where runs are kept; else NEUROSTAGE_WORKSPACE, else the platform's data folder.",
    ),
]
Positive = Annotated[
    str | None,
    typer.Option(metavar="CLASS", help="The positive class, when its name does not tell."),
]
Cropped = Annotated[
    bool | None,
    typer.Option(
        "--already-cropped/--not-cropped",
        help="Whether scans are cropped to the brain already; else it is measured.",
    ),
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Return at once; training goes on by itself.")
]
StageNames = Annotated[
    str | None,
    typer.Option("--stages", metavar="NAMES", help="Stages, separated by commas."),
]


def workspace_at(folder: Path | None) -> Workspace:
    """The workspace that was named, or the usual one."""
    return Workspace(folder or default_workspace())


def stage_names(text: str | None) -> list[str] | None:
    """`baseline,stage1` as a list; none when nothing was given.

    Raises:
        SettingError: The list is empty.
    """
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise SettingError(
            "names of stages, separated by commas",
            "no stage was named",
            "Name one, or leave it out.",
        )
    return names


def as_window(text: str | None) -> tuple[float, float] | None:
    """`40,80` as centre and width; none when nothing was given.

    Raises:
        SettingError: It is not two numbers.
    """
    if text is None:
        return None
    try:
        centre, width = map(float, text.split(","))
    except ValueError:
        raise SettingError(
            "a window as two numbers, centre and width, such as 40,80",
            f"'{text}' was given",
            "Correct it, or leave it out.",
        ) from None
    return centre, width
