"""A report as a PDF of A4 pages, drawn by ReportLab."""

import io
import threading
from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
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
from core.reporting.answers.page import READING, distance, in_short
from core.reporting.answers.report import Report
from core.reporting.answers.sheet import (
    FOOT,
    LARGE_PICTURE,
    LINE,
    MARGIN,
    NO_ROOM,
    PICTURE,
    TIGHT,
    WIDTH,
    drawn,
    grid,
    paged,
    pairs,
    register_fonts,
    square,
    styles,
)
from core.reporting.statements import chance

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
        register_fonts()
        setter = _Setter(report)
        story = setter.story()
        template = BaseDocTemplate(
            buffer,
            pagesize=A4,
            invariant=1,
            title=drawn(f"{report.title}, {report.asked.title} of run {report.asked.run}"),
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
        template.build(story, canvasmaker=paged(report))
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
            told = self.scan(rank, entry, shown)
            parts += [KeepTogether(told)] if self.many else told
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
        kinds = ["number", *(style for _, _, style, _ in columns)]
        rows = [
            [
                self.text(*pair)
                for pair in zip(head, [f"{kind}-head" for kind in kinds], strict=True)
            ]
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
                    *TIGHT,
                    ("TOPPADDING", (0, 0), (-1, -1), 1 * mm),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 1 * mm),
                    ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ]
            ),
        )
        if shown < len(self.report.entries):
            yield self.text(f"The {shown} most suspicious are shown one by one below.", "quiet")
        yield Spacer(0, 4 * mm)

    def scan(self, rank: int, entry: Entry, shown: Pictures | None) -> list[Flowable]:
        """One answer: pictures at the left, words at the right; one alone has larger pictures.

        What is said of it may be longer than a page, and then goes on over the next.
        """
        words = [*self.words(entry)]
        side = PICTURE if self.many else LARGE_PICTURE
        figures = [*self.figures(entry, shown, side)]
        gap = 4 * mm
        beside = [[*figures, *[""] * (2 - len(figures))]]
        block = grid(beside, [side + gap] * 2, [("RIGHTPADDING", (0, 0), (-1, -1), gap)])
        if not self.many:
            place = entry.place[:1].upper() + entry.place[1:]
            heading = [self.text(place, "heading")] if place else []
            return [*heading, block, Spacer(0, 2 * mm), *words]
        rows = [[self.text(f"{rank}. {_named(entry)}", "heading"), ""], [block, words]]
        return [
            Table(
                rows,
                colWidths=[2 * (side + gap), WIDTH - 2 * (side + gap)],
                splitInRow=1,
                style=TableStyle(
                    [
                        *NO_ROOM,
                        ("SPAN", (0, 0), (1, 0)),
                        ("LINEABOVE", (0, 0), (-1, 0), 0.4, LINE),
                        ("TOPPADDING", (0, 0), (-1, 0), 2 * mm),
                        ("BOTTOMPADDING", (0, 0), (-1, 0), 1.5 * mm),
                        ("BOTTOMPADDING", (0, -1), (-1, -1), 4 * mm),
                    ]
                ),
            )
        ]

    def figures(self, entry: Entry, shown: Pictures | None, side: float) -> Iterable[list[Any]]:
        """The scan, and the map over it with its colours."""
        if shown is None:
            yield [self.text("There is no picture to show.", "quiet")]
            return
        yield [
            square(shown.scan, shown.size, side),
            self.text("The scan as it was read.", "small"),
        ]
        if shown.map is None:
            return
        column: list[Any] = [square(shown.map, shown.size, side)]
        if shown.hottest:
            ends = [
                self.text("0", "small"),
                Image(io.BytesIO(pictures.colour_bar()), side - 22 * mm, 2 * mm),
                self.text(f"{shown.hottest:.3g}", "small"),
            ]
            widths = [5 * mm, side - 20 * mm, 15 * mm]
            column.append(grid([ends], widths, [("VALIGN", (0, 0), (-1, -1), "MIDDLE")]))
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
            if entry.precedents_words:
                facts["Precedents"] = entry.precedents_words
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
                or "No picture of a part shares a group with one of another part.",
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
        return pairs(rows, width)

    def text(self, text: str, style: str) -> Flowable:
        """A paragraph; what the font lacks stands as its number."""
        settable = drawn(text)
        self.incomplete |= settable != text
        return Paragraph(escape(settable), styles()[style])


def _named(entry: Entry) -> str:
    return f"{entry.file}, {entry.place}" if entry.place else entry.file


def _shortened(name: str) -> str:
    """A name for a table, which is whole where its scan is shown."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 21]}…{name[-20:]}"
