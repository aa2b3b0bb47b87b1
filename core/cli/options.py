"""Arguments and options that several commands share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from core.config import Protocol
from core.errors import SettingError
from core.protocols import protocol
from core.training.workspace import Workspace, default_workspace

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
PatientTable = Annotated[
    Path | None,
    typer.Option(
        "--patients",
        metavar="FILE.csv",
        help="Table with the columns file and patient: scans of a patient stay in one part.",
    ),
]
PatientPattern = Annotated[
    str | None,
    typer.Option(
        "--patient-pattern",
        metavar="REGEX",
        help="The same by a regular expression, whose one group is the patient in a file's path.",
    ),
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Return at once; training goes on by itself.")
]
ProtocolName = Annotated[
    str | None,
    typer.Option("--protocol", metavar="NAME", help="leakfree (unless told otherwise) or report."),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="VGG19's weights; else VGG19_WEIGHTS, Keras's cache, a download, random values.",
    ),
]
Epochs = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="At most so many, in each stage named.")
]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps-per-epoch", metavar="N", min=1, help="Batches an epoch, in each stage named."
    ),
]
LearningRate = Annotated[
    float | None, typer.Option(metavar="RATE", min=1e-9, max=1.0, help="Of each stage named.")
]
Size = Annotated[
    int | None,
    typer.Option(metavar="N", min=32, max=512, help="Side of the network's input, pixels."),
]
Precision = Annotated[
    Literal["float32", "mixed_bfloat16"] | None,
    typer.Option(help="Of the network's arithmetic."),
]
Cached = Annotated[
    bool | None,
    typer.Option(
        "--cache/--no-cache", help="Keep on disk what frozen layers make of the pictures."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Any setting of the protocol, as input.fit=letterbox, head.units=512,128 or "
        "stages.stage1.epochs=5. May be given more than once.",
    ),
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


def settings_of(
    words: Sequence[str] | None, *, size: int | None = None, precision: str | None = None
) -> dict[str, object]:
    """Settings of a protocol by their path (see `Protocol.with_settings`), from what was typed.

    Raises:
        SettingError: One of the words is not PATH=VALUE.
    """
    found: dict[str, object] = {}
    if size is not None:
        found["input.size"] = size
    if precision is not None:
        found["training.precision"] = precision
    for word in words or ():
        path, equals, value = word.partition("=")
        if not equals:
            raise SettingError(
                "PATH=VALUE after --set, as input.fit=letterbox",
                f"'{word}' was given",
                "Write the setting's name, an equals sign and its value.",
            )
        found[path.strip()] = value.strip()
    return found


def planned(
    name: str | None,
    settings: Mapping[str, object],
    stages: Sequence[str] | None,
    changes: Mapping[str, object],
) -> Protocol:
    """The preset of this name with these settings, and with `changes` in each stage named.

    Raises:
        SettingError: There is no such protocol, stage or setting, or a value is not possible.
    """
    plan = protocol(name or "leakfree").with_settings(settings)
    for stage in stages or [stage.name for stage in plan.stages]:
        plan = plan.with_stage(stage, **changes)
    return plan


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
