"""`card`: what must be known of a run's models, as a document."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from core.cli.options import Json, RunName, WorkspaceFolder, workspace_at
from core.cli.terminal import answer, note
from core.reporting import card as cards
from core.storage import write_text


def card(
    name: RunName,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one HTML file that needs no other.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write Markdown.")] = None,
    workspace: WorkspaceFolder = None,
    as_json: Json = False,
) -> None:
    """Fill in the model card of a run, with its answers to the CLAIM 2024 checklist.

    Printed as Markdown unless a file or JSON is asked for.
    """
    found = cards.card_of(workspace_at(workspace).run(name))
    for file, document in ((html, cards.as_html), (markdown, cards.as_markdown)):
        if file is not None:
            write_text(file, document(found))
            note(f"Written to {file}.")
    if as_json:
        answer(found.model_dump(mode="json"))
    elif html is None and markdown is None:
        sys.stdout.write(cards.as_markdown(found))
