"""What `predict` tells beyond an answer: what its map is worth, all stages, similar cases."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast, get_args

from core.errors import SettingError
from core.examination import Progress, Stages, examine, silent, similar_cases
from core.explanation.evidence import Evidence
from core.explanation.methods import DEFAULT, method
from core.imaging.reading import Selection
from core.imaging.scans import MIDDLE
from core.prediction import Prediction, Predictor
from core.reporting.answers import Report
from core.reporting.statements import chance
from core.training.runs import Run

PREDICTED = "predicted"
Amount = Literal["cheap", "full"]
AMOUNTS = get_args(Amount)


@dataclass(frozen=True)
class Wanted:
    """What is asked of every answer.

    Attributes:
        method: How maps are made.
        target: The class they explain, by its place; none for the predicted one.
        evidence: How much is measured of a map.
        all_stages: Whether every stage is asked.
        similar: How many cases of each class are looked for.
        selection: Which picture of a file is meant.
        every_slice: Whether all slices are answered for.
        override: Whether pictures that should be refused are answered for too.
        maps: Whether maps are made even if they are not written as pictures.
    """

    method: str = DEFAULT
    target: int | None = None
    evidence: Amount | None = None
    all_stages: bool = False
    similar: int = 0
    selection: Selection = MIDDLE
    every_slice: bool = False
    override: bool = False
    maps: bool = False

    @classmethod
    def of(
        cls,
        run: Run,
        method_name: str,
        target: str,
        evidence: str | None,
        **more: Any,
    ) -> "Wanted":
        """From the options of the shell.

        Args:
            run: Whose classes may be named.
            method_name: As it was typed, like the next two.
            target: A class, or `PREDICTED`.
            evidence: How much.
            more: All other attributes.

        Raises:
            SettingError: There is no such method, class or amount of evidence.
        """
        method(method_name)
        classes = list(run.classes)
        if target != PREDICTED and target not in classes:
            raise SettingError(
                f"one of the classes {', '.join(classes)}, or {PREDICTED}",
                f"'{target}' was given",
                "Choose one of them.",
            )
        if evidence is not None and evidence not in AMOUNTS:
            raise SettingError(
                "cheap or full evidence",
                f"'{evidence}' was given",
                "Choose one of the two.",
            )
        chosen = None if target == PREDICTED else classes.index(target)
        return cls(method_name, chosen, cast(Amount | None, evidence), **more)

    @property
    def map(self) -> bool:
        """Whether a map is needed even if it is not written."""
        return self.maps or self.evidence is not None


class Examiner:
    """Adds to the record of each answer what is wanted, and tells a report of it.

    Args:
        predictor: The one that answers.
        wanted: What is asked of every answer.
        progress: Told of what takes long.
        report: Takes every answer in; none for no report.
    """

    def __init__(
        self,
        predictor: Predictor,
        wanted: Wanted,
        progress: Progress = silent,
        report: Report | None = None,
    ) -> None:
        self.predictor = predictor
        self.wanted = wanted
        self.progress = progress
        self.report = report

    @cached_property
    def stages(self) -> Stages:
        """All stages, loaded when they are first asked."""
        return Stages(self.predictor.run)

    def more(self, found: Prediction) -> dict[str, Any]:
        """What `predict --json` has beside the answer itself, of which the report is told too."""
        wanted = self.wanted
        record: dict[str, Any] = {}
        evidence = self._evidence(found)
        if self.report is not None:
            self.report.add(found, wanted.method, evidence)
        if evidence is not None:
            record["evidence"] = evidence.to_json()
        if found.status != "ok":
            return record
        if wanted.all_stages:
            views = self.stages.see(found, wanted.target, wanted.method)
            record["stages"] = [view.to_json() for view in views]
        if wanted.similar:
            cases = similar_cases(self.predictor, found, wanted.similar, self.progress)
            record["similar"] = {
                label: [case.to_json() for case in near] for label, near in cases.items()
            }
        return record

    def _evidence(self, found: Prediction) -> Evidence | None:
        """What the map of an answer is worth, where that is wanted."""
        wanted = self.wanted
        if found.status != "ok" or not wanted.evidence:
            return None
        return examine(
            self.predictor,
            found,
            wanted.method,
            full=wanted.evidence == "full",
            progress=self.progress,
        )


def seen_beside(result: dict[str, Any]) -> list[str]:
    """What `Examiner.more` found, a line each."""
    lines = []
    if evidence := result.get("evidence"):
        lines.append(" ".join([f"Map: {evidence['verdict']}.", *evidence["reasons"]]))
        lines += evidence["notes"]
    if stages := result.get("stages"):
        lines.append(", ".join(f"{s['stage']} {chance(s['probability'])}" for s in stages))
    for label, cases in (result.get("similar") or {}).items():
        near = ", ".join(
            f"{case['file']} ({case['distance']:.3f}{', near copy' if case['near_copy'] else ''})"
            for case in cases
        )
        lines.append(f"Nearest {label}: {near or 'none'}")
    return lines
