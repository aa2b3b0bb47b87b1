"""The scans that a session has laid on its desk. In memory, and gone with the session."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from core.data.index import read_file
from core.prediction import Prediction
from core.training.runs import Run
from dashboard.components import chances
from dashboard.components.pictures import address, small

SAMPLES_PER_CLASS = 3


@dataclass(frozen=True)
class Item:
    """A file to be explained.

    Attributes:
        key: Stands for its content; two items of one key are the same file.
        name: What a person calls it. Shown, never logged.
        read: Gives its bytes.
        file: Its name in the run's own data set, if it comes from there.
    """

    key: str
    name: str
    read: Callable[[], bytes]
    file: str | None = None


@dataclass(frozen=True)
class Glance:
    """What a list shows of an answered scan.

    Attributes:
        probability: Of the positive class, where there is an answer.
        rank: The same for a list, which also says why there is none (see `components.chances`).
        thumbnail: A data address; none for a file that could not be read.
    """

    probability: float | None
    rank: float
    thumbnail: str | None

    @classmethod
    def of(cls, prediction: Prediction, positive: str) -> Self:
        """Sum up an answer."""
        probability = (prediction.probability or {}).get(positive)
        return cls(
            probability=probability,
            rank=chances.rank(prediction.status, probability),
            thumbnail=address(small(prediction.scan.pixels, 96)) if prediction.scan else None,
        )


class Tray:
    """Items in the order in which they came, and which of them is looked at.

    Attributes:
        items: By key.
        selected: Key of the one that is looked at.
        version: Goes up whenever something is put in or taken out.
    """

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.selected: str | None = None
        self.version = 0

    def put(self, items: Iterable[Item]) -> None:
        """Add items; the first of them is looked at, also when it was there already."""
        added = {item.key: item for item in items}
        self.items |= added
        self.selected = next(iter(added), self.selected)
        self.version += 1

    def clear(self) -> None:
        """Forget everything."""
        self.items.clear()
        self.selected = None
        self.version += 1


def from_run(run: Run, file: str) -> Item | None:
    """A scan of the run's own data set by its name there; none if the run does not know it."""
    table = run.split()
    known = table.loc[table["file"] == file, "sha256"]
    if known.empty:
        return None
    path = Path(run.config.data.root) / file
    return Item(str(known.iloc[0]), file, lambda: read_file(path), file)


def samples(run: Run) -> list[Item]:
    """A few scans of the run's test part, of either class, that are still where they were."""
    table = run.split()
    test = table[(table["split"] == "test") & (table["view"] == 0)]
    root = Path(run.config.data.root)
    chosen: list[Item] = []
    for name in reversed(run.classes):
        files = test.loc[test["label"] == name, "file"]
        there = [file for file in files[: 10 * SAMPLES_PER_CLASS] if (root / file).is_file()]
        chosen += [item for f in there[:SAMPLES_PER_CLASS] if (item := from_run(run, f))]
    return chosen
