"""The scans that a session has laid on its desk. In memory, and gone with the session."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import pandas as pd

from core.data.index import read_file
from core.imaging.reading import Selection
from core.prediction import Prediction
from core.storage import is_file
from core.training.runs import Run
from dashboard.components import chances
from dashboard.components.pictures import address, small

SAMPLES_PER_CLASS = 3
DIGITS = 12
"""Of a scan's SHA-256 in the page's address. Its name may name a person, and browsers keep
addresses."""


@dataclass(frozen=True)
class Item:
    """A file to be explained.

    Attributes:
        key: Stands for its content; two items of one key are the same file.
        name: What a person calls it. Shown, never logged.
        read: Gives its bytes.
        link: Stands for it in the page's address; none for what is not of a run's own data set.
    """

    key: str
    name: str
    read: Callable[[], bytes]
    link: str | None = None


@dataclass(frozen=True)
class Question:
    """One picture of a file, as the desk shows it."""

    item: Item
    selection: Selection
    override: bool

    @property
    def key(self) -> Hashable:
        """Stands for it among the keys of what is kept of it."""
        return self.item.key, self.item.name, self.selection, self.override


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
        self._dropped: dict[str, bytes] = {}

    def put(self, items: Iterable[Item]) -> None:
        """Add items; the first of them is looked at, also when it was there already."""
        added = {item.key: item for item in items}
        self.items |= added
        self.selected = next(iter(added), self.selected)
        self.version += 1

    def drop(self, files: Iterable[tuple[str, str, bytes]], first: str) -> None:
        """Add files by their key, name and bytes, which nobody else holds (see `clear`).

        Args:
            files: The new ones.
            first: Key of the one that is looked at then: the first of all dropped together.
        """
        dropped = []
        for key, name, data in files:
            self._dropped[key] = data
            dropped.append(Item(key, name, partial(self._dropped.__getitem__, key)))
        self.put(dropped)
        if first in self.items:
            self.selected = first

    def clear(self) -> None:
        """Forget everything. Items may live on, as in callbacks; what was dropped does not."""
        self.items.clear()
        self._dropped.clear()
        self.selected = None
        self.version += 1


def from_run(run: Run, file: str) -> Item | None:
    """A scan of the run's own data set by its name there; none if the run does not know it."""
    table = run.split()
    return _first(run, table[table["file"] == file])


def linked_to(run: Run, link: str) -> Item | None:
    """The scan of the run's own data set that an address names; none if it knows none such."""
    table = run.split()
    return _first(run, table[table["sha256"].str[:DIGITS] == link])


def samples(run: Run) -> list[Item]:
    """A few scans of the run's test part, of either class, that are still where they were.

    None of them was trained on: where views were made before the split, one may be in two parts.
    """
    table = run.split()
    trained_on = table.loc[table["split"] == "train", "sha256"]
    test = table[(table["split"] == "test") & (table["view"] == 0)]
    test = test[~test["sha256"].isin(trained_on)]
    root = Path(run.config.data.root)
    chosen: list[Item] = []
    for name in reversed(run.classes):
        scans = test[test["label"] == name].head(10 * SAMPLES_PER_CLASS)
        items = map(partial(_item, run), scans["file"], scans["sha256"])
        there = [item for item in items if is_file(root / item.name)]
        chosen += there[:SAMPLES_PER_CLASS]
    return chosen


def _first(run: Run, rows: pd.DataFrame) -> Item | None:
    return None if rows.empty else _item(run, rows["file"].iloc[0], rows["sha256"].iloc[0])


def _item(run: Run, file: str, sha256: str) -> Item:
    path = Path(run.config.data.root) / file
    return Item(sha256, file, lambda: read_file(path), sha256[:DIGITS])
