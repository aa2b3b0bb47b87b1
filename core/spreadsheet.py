"""Tables to keep, which somebody will open in a spreadsheet."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_COMMAND = re.compile(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
"""With what a spreadsheet begins a formula."""


def no_command(text: str) -> str:
    """A cell of a table that no spreadsheet takes for a formula: it gets an apostrophe."""
    return f"'{text}" if _COMMAND.match(text.lstrip(" ")) else text


def csv_of(table: "pd.DataFrame") -> str:
    """A table as CSV, none of its text a formula (see `no_command`)."""
    safe = table.map(lambda cell: no_command(cell) if isinstance(cell, str) else cell)
    return str(safe.to_csv(index=False))
