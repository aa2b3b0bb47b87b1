"""A report in the kind that the ending of a file's name asks for."""

from collections.abc import Callable, Mapping
from pathlib import Path

from core.errors import SettingError
from core.reporting.answers.report import Report


def document(report: Report, kind: str) -> bytes:
    """Write a report down.

    Args:
        report: With all its answers.
        kind: One of `KINDS`.
    """
    return KINDS[kind](report)


def kind_of(path: Path) -> str:
    """The kind that a file's name asks for, in small or capital letters.

    Raises:
        SettingError: There is no such kind.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise SettingError(
            "a report whose name ends in .csv, .html or .pdf",
            f"'{path}' was given",
            "Give it one of these endings.",
        )
    return kind


def _csv(report: Report) -> bytes:
    from core.reporting.answers.table import as_csv

    return as_csv(report)


def _html(report: Report) -> bytes:
    from core.reporting.answers.page import as_html

    return as_html(report)


def _pdf(report: Report) -> bytes:
    from core.reporting.answers.pdf import as_pdf  # its library is slow to load

    return as_pdf(report)


KINDS: Mapping[str, Callable[[Report], bytes]] = {"csv": _csv, "html": _html, "pdf": _pdf}
