"""One answer as a report states it: numbers, and the sentences that go with them."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.evaluation.precedents import Precedents, in_words
from core.explanation.evidence import Evidence
from core.explanation.geometry import overlay
from core.explanation.methods import METHODS
from core.imaging.scans import Scan
from core.prediction import Prediction, suspicion
from core.reporting import pictures
from core.reporting.answers.asked import Asked
from core.reporting.answers.lettering import legible

SIDE = 512
"""Pixels of a picture in a report, at most."""
OPACITY = 0.6
"""Of the hottest colour over the scan."""


@dataclass(frozen=True)
class Pictures:
    """What is shown of a scan, as JPEG.

    Attributes:
        scan: As it was read.
        map: The same with the map over it; none without a map.
        size: Width and height of both.
        hottest: The value of the map that has the hottest colour; none without a map.
    """

    scan: bytes
    map: bytes | None
    size: tuple[int, int]
    hottest: float | None = None

    @classmethod
    def of(cls, prediction: Prediction) -> "Pictures | None":
        """Of an answer; none for a file that could not be read."""
        if prediction.scan is None:
            return None
        pixels = prediction.scan.pixels
        over = hottest = None
        if prediction.map is not None:
            over = pictures.fine(overlay(pixels, prediction.map, OPACITY), SIDE)
            hottest = float(prediction.map.max())
        height, width = pixels.shape[:2]
        return cls(pictures.fine(pixels, SIDE), over, (width, height), hottest)


@dataclass(frozen=True)
class Entry:
    """An answer without its pixels.

    Attributes:
        number: In which place it came, from 1.
        file: The user's name for it, made legible.
        status, label, precedents, reason, overridden, trained_on, distance: See
            `core.prediction.Prediction`.
        probability: Of the positive class, as the network gave it.
        calibrated: The same at the temperature of the stage.
        call_at_point: Its class at the operating point.
        explained, map_maximum: The class that the map is for, and its largest raw value.
        method: How the map was made; none without a map.
        evidence: What the map is worth; none if that was not measured.
        facts: Of the file, technical ones alone.
        cautions: What to bear in mind, in sentences.
        place: Which picture of the file it is, in words; empty where there is but one.
        slice, slices, plane, volume: The same in numbers, from 0, as far as they are known.
    """

    number: int
    file: str
    status: str
    label: str | None
    probability: float | None
    calibrated: float | None
    call_at_point: str | None
    precedents: Precedents | None
    reason: str | None
    overridden: bool
    trained_on: bool
    distance: float | None
    explained: str | None
    map_maximum: float | None
    method: str | None
    evidence: Evidence | None
    facts: Mapping[str, str]
    cautions: tuple[str, ...]
    place: str
    slice: int | None
    slices: int | None
    plane: str | None
    volume: int | None

    @classmethod
    def of(
        cls,
        number: int,
        prediction: Prediction,
        asked: Asked,
        method: str,
        evidence: Evidence | None = None,
    ) -> "Entry":
        """State an answer.

        Args:
            number: In which place it came, from 1.
            prediction: The answer.
            asked: Who gave it.
            method: How its map was made, if it has one.
            evidence: What that map is worth.
        """
        scan, p = prediction.scan, None
        if prediction.probability is not None:
            p = min(1.0, prediction.probability[asked.positive])
        return cls(
            number=number,
            file=legible(prediction.file),
            status=prediction.status,
            label=prediction.label,
            probability=p,
            calibrated=None if p is None else asked.calibrated(p),
            call_at_point=None if p is None else asked.call_at_point(p),
            precedents=prediction.precedents,
            reason=_sentence(prediction.reason),
            overridden=prediction.overridden,
            trained_on=prediction.trained_on,
            distance=prediction.distance,
            explained=prediction.target,
            map_maximum=prediction.map_maximum,
            method=method if prediction.target else None,
            evidence=evidence,
            facts=_facts(prediction, scan) if scan else {},
            cautions=_cautions(prediction),
            place=_place(prediction, scan),
            slice=prediction.slice,
            slices=scan.slices if scan else None,
            plane=scan.plane if scan else None,
            volume=scan.volume if scan else None,
        )

    @property
    def state(self) -> str:
        """What became of the question, in a word or two."""
        if self.overridden:
            return "answered on demand"
        return {"ok": "answered", "refused": "not answered"}.get(self.status, "not readable")

    def suspicion(self, positive: str) -> float:
        """What entries are ranked by (see `core.prediction.suspicion`)."""
        return suspicion(
            None if self.probability is None else {positive: self.probability}, positive
        )

    @property
    def precedents_words(self) -> str | None:
        """How right the stage was on test scans with such an answer; none where that is unknown."""
        if self.precedents is None or self.label is None:
            return None
        return in_words(self.precedents, self.label)

    @property
    def distance_words(self) -> str | None:
        """How unlike the training scans it is; none where that cannot be known."""
        if self.distance is None:
            return None
        return f"{self.distance:.2f} times what is typical of the training scans (refused above 1)"

    @property
    def map_words(self) -> str | None:
        """What the map shows, in a sentence; none without a map."""
        if self.explained is None or self.method is None:
            return None
        how = METHODS[self.method]
        if not self.map_maximum:
            return (
                f"{how.title}: nothing in this scan spoke for {self.explained}. The map is empty."
            )
        return f"{how.title}: what spoke for {self.explained}. Raw maximum {self.map_maximum:.3g}."

    @property
    def evidence_words(self) -> tuple[str, ...]:
        """What the map is worth, in sentences; none without a map with any heat."""
        if not self.map_maximum:
            return ()
        found = self.evidence
        if found is None:
            return ("Whether this map deserves belief was not measured.",)
        if found.verdict == "empty":
            return found.notes
        figures = []
        if found.outside is not None:
            figures.append(
                f"{found.outside:.0%} of its heat is outside the head (evenly "
                f"{found.outside_evenly:.0%})"
            )
        if found.mean_agreement is not None:
            figures.append(f"agreement with other methods {found.mean_agreement:.2f}")
        if found.curves:
            figures.append(
                f"deletion area {found.curves.deletion_area:.2f}, insertion area "
                f"{found.curves.insertion_area:.2f}"
            )
        words = [f"{found.headline}.", *found.reasons, *found.notes]
        return (*words, *([f"Measured: {', '.join(figures)}."] if figures else []))


def _cautions(prediction: Prediction) -> tuple[str, ...]:
    demanded = [f"Answered on demand. {_sentence(prediction.reason)}"]
    return (*(demanded if prediction.overridden else []), *prediction.cautions)


def _place(prediction: Prediction, scan: Scan | None) -> str:
    if scan is None:
        return "" if prediction.slice is None else f"slice {prediction.slice + 1}"
    found = []
    if scan.slices > 1:
        found.append(f"slice {scan.slice + 1} of {scan.slices}")
        if scan.plane:
            found.append(scan.plane)
    if scan.volumes > 1:
        found.append(f"volume {scan.volume + 1} of {scan.volumes}")
    return ", ".join(found)


def _facts(prediction: Prediction, scan: Scan) -> dict[str, str]:
    height, width = scan.pixels.shape[:2]
    facts = {"Format": scan.format, "Size": f"{width} × {height} pixels"}
    if scan.window is not None:
        facts["Window"] = "centre {:.4g}, width {:.4g}".format(*scan.window)
    if prediction.prepared is not None:
        box = prediction.prepared.box
        facts["Crop"] = f"{box.width} × {box.height} from ({box.left}, {box.top})"
    # Only technical tags are ever read (see `core.imaging.scans.Scan`).
    return facts | {name: legible(value) for name, value in scan.tags.items()}


def _sentence(reason: str | None) -> str | None:
    """A reason as a sentence of its own."""
    if not reason:
        return None
    reason = legible(reason)
    return reason[:1].upper() + reason[1:] + ("" if reason.endswith((".", "!", "?")) else ".")
