"""Answers made by hand, and readers of the reports on them."""

import base64
import csv
import io
import re
import zlib
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser

import numpy as np
from made_run import NEGATIVE, POSITIVE

from core.imaging.preprocessing import prepare
from core.imaging.scans import Scan
from core.prediction import MEMORY, Prediction
from core.protocols import LEAKFREE
from core.reporting.answers import Report

MADE = datetime(2026, 11, 24, 16, 1, 30, tzinfo=timezone(timedelta(hours=1)))


def head(side: int = 64) -> Scan:
    y, x = np.mgrid[:side, :side]
    grey = np.where((x - 32) ** 2 + (y - 32) ** 2 < 400, 90 + x, 0).astype(np.uint8)
    return Scan(np.repeat(grey[..., None], 3, 2), "png", 0, 1, {})


def answered(file: str, p: float, **more) -> Prediction:
    """An answer with a map, as `Predictor` gives it."""
    scan = more.pop("scan", None) or head()
    y, x = np.mgrid[: scan.pixels.shape[0], : scan.pixels.shape[1]]
    map = np.exp(-((x - 20) ** 2 + (y - 30) ** 2) / 50).astype(np.float32)
    called = POSITIVE if p >= 0.5 else NEGATIVE
    given = {
        "label": called,
        "probability": {NEGATIVE: 1 - p, POSITIVE: p},
        "scan": scan,
        "prepared": prepare(scan.pixels, LEAKFREE),
        "map": map,
        "map_maximum": 0.123,
        "target": called,
        "slice": scan.slice,
        "distance": 0.5,
    }
    return Prediction(file, "ok", "stage1", "sha-stage1", **(given | more))


def refused(file: str, reason: str = "no head: too dark") -> Prediction:
    return Prediction(file, "refused", "stage1", "sha", reason=reason, scan=head(), slice=0)


def unreadable(file: str) -> Prediction:
    return Prediction(file, "unreadable", "stage1", "sha", reason="the file is empty")


def report_on(asked, *found: Prediction, made: datetime = MADE, **more) -> Report:
    report = Report(asked, made, **more)
    for prediction in found:
        report.add(prediction, "grad-cam")
    return report


def batch() -> list[Prediction]:
    return [
        answered("low.png", 0.1),
        refused("dark.png"),
        answered("high.png", 0.9, trained_on=True, cautions=(MEMORY,)),
        unreadable("empty.dcm"),
        answered("asked.png", 0.7, overridden=True, reason="no head: too dark"),
    ]


class Reader(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.said: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


def text_of(pdf: bytes) -> str:
    """What the pages of a PDF say, as far as it is ASCII: its lines without their breaks."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            page = zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>")))
        except (ValueError, zlib.error):
            continue  # a picture or a font
        for piece in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", page):
            line = re.sub(rb"\\([()\\])", rb"\1", piece)
            found.append(line.decode("latin-1"))
    return " ".join(" ".join(found).split())


def rows_of(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))
