"""A report as a PDF of A4 pages, drawn by ReportLab."""

import io
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    Image,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from core.reporting import pictures
from core.reporting.answers.asked import NOTICE, Asked
from core.reporting.answers.entry import Entry, Pictures
from core.reporting.answers.lettering import number, runs_from_the_left
from core.reporting.answers.page import READING, distance, in_short
from core.reporting.answers.report import Report
from core.reporting.statements import chance

FONTS = Path(__file__).resolve().parents[3] / "assets" / "fonts"
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
TEXT, QUIET, LINE, MARK = (HexColor(c) for c in ("#1b2229", "#55616b", "#ccd4da", "#8a4b00"))

MARGIN = 16 * mm
WIDTH = A4[0] - 2 * MARGIN
FOOT = 9 * mm
PICTURE, LARGE_PICTURE = 50 * mm, 66 * mm
"""Side of a picture among many scans, and of one alone."""
LONGEST = 60
"""Letters of a name in the table of all."""

NOT_DRAWN = (
    "Letters that this document cannot set stand as their numbers in Unicode, such as \\u30b9; "
    "the HTML report and the table have them as they are."
)

_drawing = threading.Lock()
"""ReportLab's fonts are shared by all that draw."""


def as_pdf(report: Report) -> bytes:
    """The PDF. Its date, and all in it, comes from the report, none from now or from here."""
    buffer = io.BytesIO()
    with _drawing:
        _fonts()
        setter = _Setter(report)
        story = setter.story()
        template = BaseDocTemplate(
            buffer,
            pagesize=A4,
            invariant=1,
            title=_drawn(f"{report.title}, {report.asked.title} of run {report.asked.run}"),
            author="NeuroStage",
            subject=NOTICE,
            creator=report.asked.software,
            producer="ReportLab",
            lang="en",
        )
        frame = Frame(
            MARGIN,
            MARGIN + FOOT,
            WIDTH,
            A4[1] - 2 * MARGIN - FOOT,
            *(0, 0, 0, 0),
        )
        template.addPageTemplates(PageTemplate(frames=[frame]))
        template.build(story, canvasmaker=_paged(report))
    return buffer.getvalue()


class _Setter:
    """Sets the parts of a report, and remembers whether a letter could not be set."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.asked: Asked = report.asked
        self.many = len(report.entries) > 1
        self.incomplete = False

    def story(self) -> list[Flowable]:
        """All of it, from the top."""
        parts = [*self.head()]
        if self.many:
            parts += self.summary()
        for rank, (entry, shown) in enumerate(self.report.shown, start=1):
            parts.append(KeepTogether([self.scan(rank, entry, shown)]))
        parts.append(KeepTogether([*self.about()]))
        return parts

    def head(self) -> Iterable[Flowable]:
        """Title, who answered, what holds of all."""
        asked, report = self.asked, self.report
        yield self.text(report.title, "title")
        yield self.text(
            f"{asked.title} of run {asked.run}, protocol {asked.protocol}. Made {report.date} by "
            f"{asked.software}.",
            "quiet",
        )
        yield self.text(NOTICE, "bold")
        for warning in report.warnings:
            yield self.text(warning, "warning")
        yield Spacer(0, 2 * mm)

    def summary(self) -> Iterable[Flowable]:
        """The table of all answers, the most suspicious first."""
        asked, shown = self.asked, len(self.report.shown)
        yield self.text("Summary", "heading")
        yield self.text(f"{' '.join(self.report.lead)} The most suspicious first.", "plain")
        columns: list[tuple[str, float, str, Callable[[Entry], str]]] = [
            ("File", 0, "cell", lambda entry: _shortened(_named(entry))),
            ("Called", 24 * mm, "cell", lambda entry: entry.label or entry.state),
            (f"P({asked.positive})", 18 * mm, "number", lambda entry: chance(entry.probability)),
        ]
        if asked.temperature is not None:
            columns.append(
                ("Calibrated", 20 * mm, "number", lambda entry: chance(entry.calibrated))
            )
        if asked.operating is not None:
            columns.append(
                (asked.at_point, 21 * mm, "cell", lambda entry: entry.call_at_point or "–")
            )
        columns += [
            ("Distance", 16 * mm, "number", lambda entry: distance(entry.distance)),
            ("Bear in mind", 36 * mm, "cell", in_short),
        ]
        widths = [8 * mm, *(width for _, width, _, _ in columns)]
        rest = WIDTH - sum(widths)
        head = ["No.", *(name for name, *_ in columns)]
        styles = ["number", *(style for _, _, style, _ in columns)]
        rows = [
            [self.text(*pair) for pair in zip(head, [f"{s}-head" for s in styles], strict=True)]
        ]
        for rank, entry in enumerate(self.report.ranked, start=1):
            row = [self.text(str(rank), "number")]
            for name, _, style, say in columns:
                marked = name == "Called" and entry.label is None
                row.append(self.text(say(entry), "cell-marked" if marked else style))
            rows.append(row)
        yield Table(
            rows,
            colWidths=[width or rest for width in widths],
            repeatRows=1,
            style=TableStyle(
                [
                    *_TIGHT,
                    ("TOPPADDING", (0, 0), (-1, -1), 1 * mm),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 1 * mm),
                    ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ]
            ),
        )
        if shown < len(self.report.entries):
            yield self.text(f"The {shown} most suspicious are shown one by one below.", "quiet")
        yield Spacer(0, 4 * mm)

    def scan(self, rank: int, entry: Entry, shown: Pictures | None) -> Flowable:
        """One answer: pictures at the left, words at the right; one alone has larger pictures."""
        words = [*self.words(entry)]
        side = PICTURE if self.many else LARGE_PICTURE
        figures = [*self.figures(entry, shown, side)]
        heading: list[Flowable] = []
        if self.many:
            heading = [self.text(f"{rank}. {_named(entry)}", "heading")]
        elif entry.place:
            heading = [self.text(entry.place[:1].upper() + entry.place[1:], "heading")]
        gap = 4 * mm
        beside = [[*figures, *[""] * (2 - len(figures))]]
        apart = [("RIGHTPADDING", (0, 0), (-1, -1), gap)]
        if not self.many:
            block = [*heading, _grid(beside, [side + gap] * 2, apart), Spacer(0, 2 * mm), *words]
            return _grid([[block]], [WIDTH])
        block = [_grid(beside, [side + gap] * 2, apart)]
        widths = [2 * (side + gap), WIDTH - 2 * (side + gap)]
        rows = [[heading, ""], [block, words]]
        return Table(
            rows,
            colWidths=widths,
            style=TableStyle(
                [
                    *_NO_ROOM,
                    ("SPAN", (0, 0), (1, 0)),
                    ("LINEABOVE", (0, 0), (-1, 0), 0.4, LINE),
                    ("TOPPADDING", (0, 0), (-1, 0), 2 * mm),
                    ("BOTTOMPADDING", (0, 0), (-1, 0), 1.5 * mm),
                    ("BOTTOMPADDING", (0, -1), (-1, -1), 4 * mm),
                ]
            ),
        )

    def figures(self, entry: Entry, shown: Pictures | None, side: float) -> Iterable[list[Any]]:
        """The scan, and the map over it with its colours."""
        if shown is None:
            yield [self.text("There is no picture to show.", "quiet")]
            return
        yield [
            _square(shown.scan, shown.size, side),
            self.text("The scan as it was read.", "small"),
        ]
        if shown.map is None:
            return
        column: list[Any] = [_square(shown.map, shown.size, side)]
        if entry.map_maximum:
            ends = [
                self.text("0", "small"),
                Image(io.BytesIO(pictures.colour_bar()), side - 22 * mm, 2 * mm),
                self.text(f"{entry.map_maximum:.3g}", "small"),
            ]
            widths = [5 * mm, side - 20 * mm, 15 * mm]
            column.append(_grid([ends], widths, [("VALIGN", (0, 0), (-1, -1), "MIDDLE")]))
        yield [*column, self.text(entry.map_words or "", "small")]

    def words(self, entry: Entry) -> Iterable[Flowable]:
        """What is said of one answer."""
        facts: dict[str, str] = {}
        if entry.label:
            yield self.text(entry.label, "call")
            facts[f"P({self.asked.positive})"] = (
                f"{chance(entry.probability)}, as the network gave it"
            )
            if entry.calibrated is not None:
                facts["Calibrated"] = chance(entry.calibrated)
            if entry.call_at_point:
                facts[self.asked.at_point] = entry.call_at_point
        else:
            yield self.text(entry.state.capitalize(), "no-call")
            yield self.text(entry.reason or "", "plain")
        if entry.distance_words:
            facts["Distance"] = entry.distance_words
        yield self.facts(facts | dict(entry.facts), (24 if self.many else 38) * mm)
        for caution in entry.cautions:
            yield self.text(caution, "marked")
        for words in entry.evidence_words:
            yield self.text(words, "marked" if words == "Unreliable map." else "quiet")

    def about(self) -> Iterable[Flowable]:
        """Who answered, and how to read it."""
        asked = self.asked
        yield Spacer(0, 3 * mm)
        yield self.text("Who answered", "heading")
        yield self.facts(
            {
                "Run and stage": f"{asked.run}, {asked.title}; made {asked.trained}",
                "Protocol": asked.protocol,
                "Classes": f"{asked.negative}; {asked.positive} (positive)",
                "VGG19 started from": asked.started_from,
                "Split": asked.mark
                or "No picture of validation or test shares a group with one in training.",
                "Threshold": asked.threshold,
                "Calibration": asked.calibration,
                "Model, SHA-256": asked.model_sha256,
                "Software": asked.software,
            },
            38 * mm,
        )
        yield self.text(READING, "quiet")
        if self.incomplete:
            yield self.text(NOT_DRAWN, "quiet")

    def facts(self, facts: dict[str, str], width: float) -> Flowable:
        """Names and what they stand for, a row each."""
        if not facts:
            return Spacer(0, 0)
        rows = [[self.text(k, "quiet"), self.text(v, "plain")] for k, v in facts.items()]
        return _Facts(rows, width)

    def text(self, text: str, style: str) -> Flowable:
        """A paragraph; what the font lacks stands as its number."""
        drawn = _drawn(text)
        self.incomplete |= drawn != text
        return Paragraph(escape(drawn), _styles()[style])


class _Facts(Table):
    """Two columns, the first of a width, the second of what is left where they are put."""

    def __init__(self, rows: list[list[Flowable]], first: float) -> None:
        super().__init__(rows, colWidths=[first, None], style=TableStyle(_TIGHT))
        self._first = first

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self._argW = [self._first, max(20 * mm, width - self._first)]
        found: tuple[float, float] = super().wrap(width, height)
        return found


def _named(entry: Entry) -> str:
    return f"{entry.file}, {entry.place}" if entry.place else entry.file


def _shortened(name: str) -> str:
    """A name for a table, which is whole where its scan is shown."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 21]}…{name[-20:]}"


def _grid(rows: list[Any], widths: Sequence[float], more: Sequence[Any] = ()) -> Flowable:
    return Table(rows, colWidths=widths, hAlign="LEFT", style=TableStyle([*_NO_ROOM, *more]))


def _square(jpeg: bytes, size: tuple[int, int], side: float) -> Flowable:
    """A picture as large as a square of this side allows."""
    width, height = size
    scale = side / max(width, height)
    made = Image(io.BytesIO(jpeg), width * scale, height * scale, hAlign="LEFT")
    made._restrictSize(side, side)
    return made


def _drawn(text: str) -> str:
    """A text of letters that the font has and that can be set one after the other."""
    known = pdfmetrics.getFont(PLAIN).face.charToGlyph
    return "".join(c if ord(c) in known and runs_from_the_left(c) else number(c) for c in text)


@cache
def _fonts() -> None:
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{name}.ttf"))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)


@cache
def _styles() -> dict[str, ParagraphStyle]:
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


_NO_ROOM: list[Any] = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]
_TIGHT: list[Any] = [
    *_NO_ROOM,
    ("RIGHTPADDING", (0, 0), (-1, -1), 2 * mm),
    ("TOPPADDING", (0, 0), (-1, -1), 0.5 * mm),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5 * mm),
]


def _paged(report: Report) -> type[Canvas]:
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
            self.drawRightString(MARGIN + WIDTH, MARGIN, _drawn(f"{said}   page {page}"))

    return Paged
