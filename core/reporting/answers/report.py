"""Answers gathered as they come, with pictures of the most suspicious."""

import heapq
from collections.abc import Sequence
from datetime import datetime

from core.explanation.evidence import Evidence
from core.explanation.methods import DEFAULT
from core.prediction import Prediction
from core.reporting.answers.asked import Asked, moment
from core.reporting.answers.entry import Entry, Pictures

PICTURED = 100
"""So many are shown with pictures, the most suspicious ones: some ten megabytes, fifty pages."""


class Report:
    """What a stage said of some scans.

    Answers are many and large: of each what is stated is kept, and small pictures of the most
    suspicious. The rest is forgotten at once.

    Args:
        asked: Who answers.
        made: When, with its time zone. With it, everything in a report follows from the answers.
        pictured: How many are shown with pictures, at most.

    Attributes:
        entries: In the order in which they came.
    """

    def __init__(self, asked: Asked, made: datetime, pictured: int = PICTURED) -> None:
        self.asked = asked
        self.made = made.replace(microsecond=0)
        self.entries: list[Entry] = []
        self._room = pictured
        self._pictures: dict[int, Pictures | None] = {}
        self._least: list[tuple[float, int]] = []

    def add(
        self, prediction: Prediction, method: str = DEFAULT, evidence: Evidence | None = None
    ) -> None:
        """Take an answer in.

        Args:
            prediction: The answer.
            method: How its map was made, if it has one.
            evidence: What that map is worth, if that was measured.
        """
        number = len(self.entries) + 1
        entry = Entry.of(number, prediction, self.asked, method, evidence)
        self.entries.append(entry)
        rank = entry.suspicion(self.asked.positive), -number
        if len(self._least) == self._room and (not self._room or rank < self._least[0]):
            return
        self._pictures[number] = Pictures.of(prediction)
        heapq.heappush(self._least, rank)
        if len(self._least) > self._room:
            _, dropped = heapq.heappop(self._least)
            del self._pictures[-dropped]

    @property
    def ranked(self) -> Sequence[Entry]:
        """The most suspicious first; what got no answer last; else as they came."""
        return sorted(self.entries, key=lambda entry: -entry.suspicion(self.asked.positive))

    @property
    def shown(self) -> Sequence[tuple[Entry, Pictures | None]]:
        """Those that are shown one by one, with their pictures: the first ones of `ranked`."""
        ranked = self.ranked[: self._room]
        return [(entry, self._pictures[entry.number]) for entry in ranked]

    @property
    def title(self) -> str:
        """What it is about, in a line."""
        count, files = len(self.entries), {entry.file for entry in self.entries}
        # Scans of several folders may have one name; slices of a volume differ in number.
        slices = {entry.slice for entry in self.entries if (entry.slices or 1) > 1}
        if len(files) == 1 and (count == 1 or len(slices) == count):
            return f"Report: {files.pop()}" + (f", {count} slices" if count > 1 else "")
        return f"Report on {count} scans"

    @property
    def date(self) -> str:
        """When it was made, as a reader writes it."""
        return moment(self.made)

    @property
    def lead(self) -> tuple[str, ...]:
        """What came out of many, in sentences."""
        asked = self.asked
        answered = [entry for entry in self.entries if entry.probability is not None]
        called = sum(entry.label == asked.positive for entry in answered)
        said = [f"{called} of {len(self.entries)} called {asked.positive}."]
        if missing := len(self.entries) - len(answered):
            said.append(
                f"{missing} without an answer: look at {'it' if missing == 1 else 'these'}."
            )
        return tuple(said)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What holds of every answer in it, the gravest first."""
        asked = self.asked
        found = [asked.mark]
        if asked.untaught:
            found.append(
                "The network started from random values: what it says is that of an untaught one."
            )
        found.append(asked.caveat)
        return tuple(filter(None, found))
