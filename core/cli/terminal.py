"""What the shell writes: answers to stdout, everything else to stderr."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

WIDTH = 120
"""Columns of an answer that does not go to a terminal."""

# Names of files and classes are the user's: nothing in them is taken for markup.
answers = Console(
    markup=False, highlight=False, emoji=False, width=None if sys.stdout.isatty() else WIDTH
)
notes = Console(stderr=True, markup=False, highlight=False, emoji=False)


def answer(content: dict[str, Any]) -> None:
    """Write an answer as JSON, alone on stdout."""
    sys.stdout.write(json.dumps(content, indent=2) + "\n")


def note(text: str) -> None:
    """Write a sentence to stderr, unwrapped."""
    notes.print(text, soft_wrap=True)


def table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """An empty table; `numbers` are aligned to the right, and only the last column wraps."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        made.add_column(
            column,
            justify="right" if column in numbers else "left",
            no_wrap=column != columns[-1],
            overflow="fold",
        )
    return made


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Bars with the time left, gone when the block ends; call it with (what, done, in all)."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=notes,
        transient=True,
        disable=not notes.is_terminal,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(activity: str, done: int, total: int) -> None:
            if activity not in tasks:
                tasks[activity] = bars.add_task(activity)
            bars.update(tasks[activity], completed=done, total=total)

        yield progress


@contextmanager
def progress_bar(activity: str) -> Iterator[Callable[[int, int], None]]:
    """One such bar; call it with (done, in all)."""
    with progress_bars() as progress:
        yield partial(progress, activity)


def figure(value: float | None) -> str:
    """0.12345 as 0.1235; a dash when not defined."""
    return "–" if value is None else f"{value:.4f}"


def duration(seconds: float | None) -> str:
    """Seconds as 0:01:30; a dash when not known."""
    return "–" if seconds is None else str(timedelta(seconds=round(seconds)))
