"""A report as one HTML file that needs nothing else."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.reporting import pictures
from core.reporting.answers.asked import NOTICE
from core.reporting.answers.entry import Entry
from core.reporting.answers.report import Report
from core.reporting.statements import chance

TEMPLATES = Path(__file__).resolve().parents[3] / "assets" / "templates"

READING = (
    "A map shows what in a scan spoke for a class, and is no outline of a finding; its colours "
    "run from nothing to its own largest value, so that two maps cannot be compared by colour. "
    "Pictures are reduced to 512 pixels at most. Of a file nothing is stated but the name that "
    "it was given and technical facts."
)


def as_html(report: Report) -> bytes:
    """UTF-8. Nothing in it is loaded from elsewhere, and nothing runs."""
    page = _environment().get_template("report.html")
    return page.render(
        report=report,
        bar=pictures.colour_bar(),
        notice=NOTICE,
        reading=READING,
    ).encode()


def distance(value: float | None) -> str:
    """`0.62`; a dash where it cannot be known."""
    return "–" if value is None else f"{value:.2f}"


def in_short(entry: Entry) -> str:
    """What a row of a table says to bear in mind of an answer."""
    said = []
    if entry.overridden:
        said.append("answered on demand")
    if entry.trained_on:
        said.append("trained on this very scan")
    if entry.evidence and entry.evidence.verdict == "unreliable":
        said.append("unreliable map")
    if entry.evidence and entry.evidence.verdict == "empty":
        said.append("empty map")
    if entry.label is None and entry.reason:
        return entry.reason
    if not said and entry.cautions:
        said.append("see below")
    return ", ".join(said)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "address": pictures.address,
        "chance": chance,
        "distance": distance,
        "short": in_short,
    }
    return environment
