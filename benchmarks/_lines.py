"""What a benchmark prints: its tables, and on the side how far it is."""

import sys


def say(text: str) -> None:
    """A line of what was measured, at once."""
    print(text, flush=True)  # noqa: T201


def note(text: str) -> None:
    """How far it is."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
