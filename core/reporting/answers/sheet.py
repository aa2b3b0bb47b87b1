"""What a PDF report is made of, whatever it says: fonts, styles, pages and grids.

All of it for ReportLab, whose fonts are shared by all that draw (see `pdf.as_pdf`).
"""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Image, Table, TableStyle

from core.reporting.answers.asked import NOTICE
from core.reporting.answers.lettering import number, runs_from_the_left
from core.reporting.answers.report import Report

FONTS = Path(__file__).resolve().parents[3] / "assets" / "fonts"
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
TEXT, QUIET, LINE, MARK = (HexColor(c) for c in ("#1b2229", "#55616b", "#ccd4da", "#8a4b00"))

MARGIN = 16 * mm
WIDTH = A4[0] - 2 * MARGIN
FOOT = 9 * mm
PICTURE, LARGE_PICTURE = 50 * mm, 66 * mm
"""Side of a picture among many scans, and of one alone."""

NO_ROOM: list[Any] = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]
TIGHT: list[Any] = [
    *NO_ROOM,
    ("RIGHTPADDING", (0, 0), (-1, -1), 2 * mm),
    ("TOPPADDING", (0, 0), (-1, -1), 0.5 * mm),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5 * mm),
]


@cache
def register_fonts() -> None:
    """Make the fonts known to ReportLab, once."""
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{name}.ttf"))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)


@cache
def styles() -> dict[str, ParagraphStyle]:
    """How each kind of text is set, by its name."""

    def style(size: float, **more: Any) -> ParagraphStyle:
        usual = {"fontName": PLAIN, "textColor": TEXT, "spaceAfter": 1 * mm, "leading": 1.35 * size}
        return ParagraphStyle("", fontSize=size, **(usual | more))

    cell: dict[str, Any] = {"spaceAfter": 0}
    return {
        "title": style(16, fontName=BOLD),
        "heading": style(10.5, fontName=BOLD),
        "plain": style(8.5, spaceAfter=0.6 * mm),
        "bold": style(8.5, fontName=BOLD),
        "quiet": style(8, textColor=QUIET, spaceAfter=0.6 * mm),
        "small": style(7.5, textColor=QUIET, spaceBefore=1 * mm),
        "warning": style(8.5, fontName=BOLD, textColor=MARK),
        "marked": style(8, textColor=MARK),
        "call": style(14, fontName=BOLD),
        "no-call": style(14, fontName=BOLD, textColor=MARK),
        "cell": style(8, **cell),
        "cell-marked": style(8, textColor=MARK, **cell),
        "number": style(8, alignment=2, **cell),
        "cell-head": style(8, textColor=QUIET, **cell),
        "number-head": style(8, textColor=QUIET, alignment=2, **cell),
    }


def drawn(text: str) -> str:
    """A text of letters that the font has and that can be set one after the other."""
    known = pdfmetrics.getFont(PLAIN).face.charToGlyph
    return "".join(c if ord(c) in known and runs_from_the_left(c) else number(c) for c in text)


def grid(rows: list[Any], widths: Sequence[float], more: Sequence[Any] = ()) -> Flowable:
    """Things side by side without room between them, but for what `more` gives."""
    return Table(rows, colWidths=widths, hAlign="LEFT", style=TableStyle([*NO_ROOM, *more]))


def square(jpeg: bytes, size: tuple[int, int], side: float) -> Flowable:
    """A picture as large as a square of this side allows."""
    width, height = size
    scale = side / max(width, height)
    made = Image(io.BytesIO(jpeg), width * scale, height * scale, hAlign="LEFT")
    made._restrictSize(side, side)
    return made


def pairs(rows: list[list[Flowable]], first: float) -> Flowable:
    """Two columns, the first of a width, the second of what is left where they are put.

    A row that no page holds is split.
    """
    return Table(rows, colWidths=[first, "*"], splitInRow=1, style=TableStyle(TIGHT))


def paged(report: Report) -> type[Canvas]:
    """Pages that say what they are, and how many there are, which is known at the end alone."""

    class Paged(Canvas):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.pages: list[dict[str, Any]] = []
            stamp = report.made.strftime("D:%Y%m%d%H%M%S%z")
            stamp = f"{stamp[:-2]}'{stamp[-2:]}'" if report.made.tzinfo else stamp
            self.setDateFormatter(lambda *_: stamp)

        def showPage(self) -> None:  # noqa: N802
            self.pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            total = len(self.pages)
            for page in self.pages:
                self.__dict__.update(page)
                self._foot(total)
                super().showPage()
            super().save()

        def _foot(self, total: int) -> None:
            self.setStrokeColor(LINE)
            self.line(MARGIN, MARGIN + 5 * mm, MARGIN + WIDTH, MARGIN + 5 * mm)
            self.setFillColor(TEXT)
            self.setFont(BOLD, 7.5)
            self.drawString(MARGIN, MARGIN, NOTICE)
            self.setFont(PLAIN, 7.5)
            self.setFillColor(QUIET)
            said = f"{report.asked.run}, {report.asked.title}, {report.date}"
            page = f"{self._pageNumber} of {total}"
            self.drawRightString(MARGIN + WIDTH, MARGIN, drawn(f"{said}   page {page}"))

    return Paged
