"""`rename`, `note`, `delete` and `restore`: keeping the runs in order."""

from typing import Annotated

import typer

from core.cli.describing import command, describe
from core.cli.options import Json, RunName, WorkspaceFolder, workspace_at
from core.cli.terminal import answer
from core.cli.terminal import note as say
from core.errors import RunError
from core.training import run_library


def rename(
    name: RunName,
    new: Annotated[str, typer.Argument(metavar="NAME", help="As for a new run.")],
    workspace: WorkspaceFolder = None,
    as_json: Json = False,
) -> None:
    """Give a run that is not at work another name."""
    where = workspace_at(workspace)
    run = run_library.rename(where, where.run(name), new)
    if as_json:
        answer(describe(run))
    else:
        say(f"Run '{name}' is '{run.name}' now.")


def note(
    name: RunName,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Takes the place of the former.")],
    workspace: WorkspaceFolder = None,
    as_json: Json = False,
) -> None:
    """Write a note on a run; an empty one removes it."""
    run = workspace_at(workspace).run(name)
    run_library.annotate(run, note=text)
    if as_json:
        answer(describe(run))
    else:
        say(f"Noted on run '{name}'." if text else f"Run '{name}' has no note now.")


def delete(name: RunName, workspace: WorkspaceFolder = None, as_json: Json = False) -> None:
    """Put a run that is not at work into the trash, from which `restore` takes it back."""
    where = workspace_at(workspace)
    run = where.run(name)
    trashed = run_library.delete(where, run)
    if as_json:
        answer({"run": trashed.name, "path": str(trashed.path)})
    else:
        say(f"Run '{name}' is in the trash. To have it back: {command('restore', run, where)}")


def restore(name: RunName, workspace: WorkspaceFolder = None, as_json: Json = False) -> None:
    """Take a deleted run out of the trash, the last one of this name."""
    where = workspace_at(workspace)
    deleted = run_library.trash(where)
    found = next((trashed for trashed in deleted if trashed.name == name), None)
    if found is None:
        raise RunError(
            f"the name of a deleted run ({', '.join(t.name for t in deleted[:8]) or 'none'})",
            f"'{name}' was given",
            "Choose one of the list.",
        )
    run = run_library.restore(where, found)
    if as_json:
        answer(describe(run))
    else:
        say(f"Run '{name}' is back.")
