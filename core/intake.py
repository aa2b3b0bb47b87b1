"""From a file's bytes to a picture that a network may be asked about.

One way in for training's own scans and for strangers: a file is opened, one picture of it read,
judged by what can be told without a network, and cropped as in training. What fails on the way
is an objection, with its reason, and never an exception.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from core.data.index import CROPPED_SHARE
from core.errors import UnreadableScan
from core.explanation.gate import judge, judge_tags
from core.imaging.lettering import has_lettering
from core.imaging.preprocessing import Prepared, prepare
from core.imaging.reading import Selection
from core.imaging.scans import Scan, ScanFile, open_scan
from core.training.runs import Run

BURNED_IN = (
    "There seems to be writing in the picture. It may name a person: look before you share it."
)


@dataclass(frozen=True, eq=False)
class Question:
    """A picture that is ready for the network.

    Attributes:
        file: Its name.
        scan: The pixels that were read, and what the file tells of them.
        prepared: What the network is to see.
        trained_on: The run was trained on this very file.
        group: Its group of near copies, where it is one of the run's own scans.
        reason: Why it should be refused, where that is overridden.
        override: Whether an answer is wanted all the same.
        cautions: What else to bear in mind, in sentences.
    """

    file: str
    scan: Scan
    prepared: Prepared
    trained_on: bool
    group: str | None
    reason: str | None
    override: bool
    cautions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Objection:
    """Why the network is not asked.

    Attributes:
        file: The name given.
        status: "refused" is a picture, but no scan to answer for.
        reason: In words.
        scan: The pixels, where there are any.
        slice: Which one of its volume it is, from 0, as far as it is known.
    """

    file: str
    status: Literal["refused", "unreadable"]
    reason: str
    scan: Scan | None = None
    slice: int | None = None


class Intake:
    """The way in to the networks of a run.

    Args:
        run: It tells how scans are cropped, and which ones were trained on.
    """

    def __init__(self, run: Run) -> None:
        split = run.split()
        self.protocol = run.protocol
        self._cropped_already = run.config.data.already_cropped
        self._groups = dict(zip(split["sha256"], split["group"].astype(str), strict=True))
        self._trained_on = frozenset(split.loc[split["split"] == "train", "sha256"])

    def read(
        self, data: bytes, name: str, selection: Selection, *, override: bool = False
    ) -> Question | Objection:
        """Open a file and look at one picture of it.

        Args:
            data: Its bytes.
            name: Its name.
            selection: Which picture of it.
            override: Whether a reason to refuse it is set aside.

        Raises:
            SettingError: There is no such slice, plane or volume.
        """
        try:
            file = open_scan(data, name)
        except UnreadableScan as error:
            return Objection(name, "unreadable", error.reason)
        return self._look(file, selection, override)

    def slices(
        self, data: bytes, name: str, selection: Selection, *, override: bool = False
    ) -> tuple[int, Iterator[Question | Objection]]:
        """Open a volume or series once and look at every slice, as it is taken.

        Args:
            data: Its bytes.
            name: Its name.
            selection: Plane, volume and window; its slice does not matter.
            override: As in `read`.

        Returns:
            How many slices there are, and each; one objection for a file that cannot be opened.

        Raises:
            SettingError: There is no such plane or volume.
        """
        try:
            file = open_scan(data, name)
        except UnreadableScan as error:
            return 1, iter([Objection(name, "unreadable", error.reason)])
        count = file.count(selection)
        return count, (
            self._look(file, replace(selection, slice=index), override) for index in range(count)
        )

    def _look(self, file: ScanFile, selection: Selection, override: bool) -> Question | Objection:
        try:
            scan = file.scan(selection)
        except UnreadableScan as error:
            return Objection(file.name, "unreadable", error.reason, slice=selection.slice)
        reason = judge_tags(scan.tags) or judge(scan.pixels)
        if reason is not None and not override:
            return Objection(file.name, "refused", reason, scan, scan.slice)
        prepared = self.prepare(scan)
        return Question(
            file.name,
            scan,
            prepared,
            trained_on=not self._trained_on.isdisjoint(scan.digests),
            group=self._group(scan),
            reason=reason,
            override=override,
            cautions=tuple(_cautions(scan, prepared)),
        )

    def _group(self, scan: Scan) -> str | None:
        """The group of one of the run's own scans, in whatever archive it comes."""
        return next((self._groups[d] for d in scan.digests if d in self._groups), None)

    def prepare(self, scan: Scan) -> Prepared:
        """Crop as in training. Where training met cropped scans, crop only what is not yet.

        The run's own files are taken exactly as they were in training, so that the answer is
        the one in its predictions.
        """
        if self._cropped_already and self._group(scan) is not None:
            return prepare(scan.pixels, self.protocol, cropped_already=True)
        prepared = prepare(scan.pixels, self.protocol)
        height, width = prepared.shape
        if self._cropped_already and prepared.box.area >= CROPPED_SHARE * height * width:
            return prepare(scan.pixels, self.protocol, cropped_already=True)
        return prepared


def _cautions(scan: Scan, prepared: Prepared) -> Iterator[str]:
    """What to bear in mind of what was read, in sentences."""
    if left_out := int(scan.tags.get("FilesLeftOut", 0)):
        files = "file was" if left_out == 1 else "files were"
        yield f"{left_out:,} {files} left out that could not be read as a scan."
    if _bears_writing(scan):
        yield BURNED_IN
    if prepared.box.fallback:
        yield f"Taken whole, not cropped to the brain: {prepared.box.fallback}."


def _bears_writing(scan: Scan) -> bool:
    """Whether the file says so, or it looks as if."""
    return scan.tags.get("BurnedInAnnotation") == "YES" or has_lettering(scan.pixels)
