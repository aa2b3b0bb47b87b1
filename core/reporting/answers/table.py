"""A report as a table: one row an answer, CSV."""

import csv
import io
from typing import Any

from core.evaluation.metrics import THRESHOLD
from core.reporting.answers.asked import NOTICE, Asked
from core.reporting.answers.entry import Entry
from core.reporting.answers.lettering import legible
from core.reporting.answers.report import Report
from core.spreadsheet import no_command

BOM = "\ufeff"
"""So that Excel reads the names of files in any script."""


def as_csv(report: Report) -> bytes:
    """UTF-8, in the order in which answers came; columns are described in docs/cli.md.

    Probabilities are shares with all their digits. Text that a spreadsheet would take for a
    formula begins with an apostrophe.
    """
    shared = _of_all(report)
    rows = [_row(entry, report.asked) | shared for entry in report.entries]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return (BOM + text.getvalue()).encode()


def _row(entry: Entry, asked: Asked) -> dict[str, Any]:
    found = entry.precedents
    return {
        "file": entry.file,
        "plane": entry.plane,
        "slice": entry.slice,
        "slices": entry.slices,
        "volume": entry.volume,
        "status": entry.status,
        "label": entry.label,
        "probability": entry.probability,
        "probability_calibrated": entry.calibrated,
        "precedents": found.n if found else None,
        "precedents_right": found.right if found else None,
        "precedents_low": found.interval[0] if found else None,
        "precedents_high": found.interval[1] if found else None,
        "call_at_operating_point": entry.call_at_point,
        "distance": entry.distance,
        "overridden": entry.overridden,
        "reason": entry.reason,
        "cautions": " ".join(entry.cautions),
        "trained_on": entry.trained_on,
        "explained": entry.explained,
        "method": entry.method,
        "map_maximum": entry.map_maximum,
        "evidence": entry.evidence.verdict if entry.evidence else None,
        "threshold": THRESHOLD,
        "temperature": asked.temperature,
    }


def _of_all(report: Report) -> dict[str, Any]:
    asked = report.asked
    point = asked.operating
    return {
        "operating_sensitivity": point.wanted_sensitivity if point else None,
        "operating_threshold": point.threshold if point else None,
        "positive": asked.positive,
        "run": asked.run,
        "stage": asked.stage,
        "protocol": asked.protocol,
        "mark": asked.mark,
        "weights": asked.weights,
        "model_sha256": asked.model_sha256,
        "software": asked.software,
        "date": report.made.isoformat(),
        "notice": NOTICE,
    }


COLUMNS = (
    *("file", "plane", "slice", "slices", "volume", "status", "label", "probability"),
    *("probability_calibrated", "temperature", "threshold", "call_at_operating_point"),
    *("precedents", "precedents_right", "precedents_low", "precedents_high"),
    *("operating_sensitivity", "operating_threshold", "distance", "overridden", "reason"),
    *("cautions", "trained_on", "explained", "method", "map_maximum", "evidence", "positive"),
    *("run", "stage", "protocol", "mark", "weights", "model_sha256", "software", "date", "notice"),
)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return no_command(legible(value)) if isinstance(value, str) else repr(value)
