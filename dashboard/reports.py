"""Answers put on paper in the background: for the scan in view, the desk, every slice.

Each report is known by all that decides what is in it. Its bytes are kept with the session for a
while, so that a download is never made at the moment of the click.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import UnreadableScan
from core.examination import examine
from core.explanation.evidence import Evidence
from core.intake import Objection
from core.prediction import Prediction, Predictor
from core.reporting import answers, pictures
from core.training.runs import Run
from dashboard import desk, resources
from dashboard.tasks import Report, Task
from dashboard.tray import Question

THUMBNAIL = 96


@dataclass(frozen=True)
class Manner:
    """How a report explains and judges.

    Attributes:
        method: Of the maps.
        target: The class that they explain; none for the predicted one.
        checked: Whether what they are worth is measured, as far as that is quick.
        sensitivity: Of an operating point to call at, if any.
    """

    method: str
    target: int | None = None
    checked: bool = False
    sensitivity: float | None = None


@dataclass(frozen=True)
class Made:
    """A report in all its kinds.

    Attributes:
        files: Bytes by kind (see `core.reporting.answers.KINDS`).
        date: When it was made.
        scans: How many answers are in it.
        silent: How many of them are none.
    """

    files: Mapping[str, bytes]
    date: str
    scans: int
    silent: int

    @classmethod
    def of(cls, report: answers.Report) -> "Made":
        """Write a report down."""
        return cls(
            files={kind: answers.document(report, kind) for kind in answers.KINDS},
            date=report.date,
            scans=len(report.entries),
            silent=sum(entry.probability is None for entry in report.entries),
        )


@dataclass(frozen=True)
class Score:
    """What one slice of a volume got.

    Attributes:
        slice: Its number, from 0.
        status, reason: See `core.prediction.Prediction`.
        probability: Of the positive class; none without an answer.
        thumbnail: A data address; none where it cannot be read.
    """

    slice: int
    status: str
    probability: float | None
    reason: str | None
    thumbnail: str | None


def of_scan(
    run: Run,
    question: Question,
    prediction: Prediction,
    evidence: Evidence | None,
    manner: Manner,
) -> Task[Made]:
    """A report on the scan in view, from what the desk already has of it."""

    def work(report: Report) -> Made:
        report("Writing the report", 0, 0)
        gathered = _report(run, prediction.stage, manner)
        gathered.add(prediction, manner.method, evidence)
        return Made.of(gathered)

    how_far = evidence and evidence.checked
    key = ("scan", run.name, prediction.model_sha256, question.key, manner, how_far)
    return desk.reports().start(key, work)


def of_desk(run: Run, stage: str, questions: Sequence[Question], manner: Manner) -> Task[Made]:
    """A report on many scans: each is asked about anew, with its map."""
    predictor = resources.predictor(run, stage)

    def answered() -> Iterator[Prediction]:
        for question in questions:
            try:
                data = question.item.read()
            except UnreadableScan as error:
                yield predictor.decline(Objection(question.item.name, "unreadable", error.reason))
                continue
            yield predictor.predict(data, question.item.name, **_how(question, manner))

    def work(report: Report) -> Made:
        def told(done: int) -> None:
            report("Asking the network", done, len(questions))

        told(0)
        return Made.of(_gathered(run, predictor, answered(), manner, told))

    return desk.reports().start(desk_key(run, stage, questions, manner), work)


def desk_key(run: Run, stage: str, questions: Sequence[Question], manner: Manner) -> Hashable:
    """The key of `of_desk`, by which a report that was begun is found."""
    asked = tuple(question.key for question in questions)
    return "desk", run.name, run.metrics(stage)["model_sha256"], asked, manner


def of_slices(run: Run, stage: str, question: Question, manner: Manner) -> Task[Made]:
    """A report on every slice of a volume."""
    predictor = resources.predictor(run, stage)

    def work(report: Report) -> Made:
        total = 0

        def counted(_done: int, count: int) -> None:
            nonlocal total
            total = count

        report("Asking the network", 0, 0)
        found = _slices(predictor, question, counted, manner)
        return Made.of(
            _gathered(
                run,
                predictor,
                found,
                manner,
                lambda done: report("Asking the network", done, max(done, total)),
            )
        )

    return desk.reports().start(slices_key(run, stage, question, manner), work)


def slices_key(run: Run, stage: str, question: Question, manner: Manner) -> Hashable:
    """The key of `of_slices`."""
    return "slices", run.name, run.metrics(stage)["model_sha256"], question.key, manner


def scores(run: Run, stage: str, question: Question) -> Task[list[Score]]:
    """What every slice of a volume gets, in their order."""
    predictor = resources.predictor(run, stage)

    def work(report: Report) -> list[Score]:
        report("Opening the file", 0, 0)
        found = _slices(
            predictor, question, lambda done, count: report("Slices", done, count), None
        )
        return [_score(answer, run.positive) for answer in found]

    return desk.reports().start(scores_key(run, stage, question), work)


def scores_key(run: Run, stage: str, question: Question) -> Hashable:
    """The key of `scores`."""
    return "scores", run.metrics(stage)["model_sha256"], question.key


def _slices(
    predictor: Predictor,
    question: Question,
    progress: Callable[[int, int], None],
    manner: Manner | None,
) -> Iterator[Prediction]:
    return predictor.predict_slices(
        question.item.read(), question.item.name, progress=progress, **_how(question, manner)
    )


def _how(question: Question, manner: Manner | None) -> dict[str, Any]:
    """How a network is asked; without a manner, for its answer alone."""
    asked: dict[str, Any] = {"selection": question.selection, "override": question.override}
    if manner:
        asked |= {"explain": True, "target": manner.target, "method": manner.method}
    return asked


def _report(run: Run, stage: str, manner: Manner) -> answers.Report:
    asked = answers.asked_of(run, stage, manner.sensitivity)
    return answers.Report(asked, datetime.now().astimezone())


def _gathered(
    run: Run,
    predictor: Predictor,
    found: Iterator[Prediction],
    manner: Manner,
    told: Callable[[int], None],
) -> answers.Report:
    """Take answers in one by one, so that no more than a few are held."""
    gathered = _report(run, predictor.stage, manner)
    for done, prediction in enumerate(found, start=1):
        evidence = None
        if manner.checked and prediction.map is not None:
            evidence = examine(predictor, prediction, manner.method)
        gathered.add(prediction, manner.method, evidence)
        told(done)
    return gathered


def _score(answer: Prediction, positive: str) -> Score:
    scan = answer.scan
    return Score(
        slice=answer.slice or 0,
        status=answer.status,
        probability=(answer.probability or {}).get(positive),
        reason=answer.reason,
        thumbnail=pictures.address(pictures.small(scan.pixels, THUMBNAIL)) if scan else None,
    )
