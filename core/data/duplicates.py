"""Copies among the scans of a folder, and what they leak from one part into another.

Exact copies have the same pixels, whatever their files look like. Near copies show the same
slice turned, mirrored, cropped, lit or compressed in another way (see
`core.data.resemblance`; `docs/duplicates.md` says how well they are found). A scan and all its
copies, and theirs, are one group.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.config import Frozen
from core.data.index import Dataset, Entry, read_pixels
from core.data.resemblance import Portrait, likeness, most_alike, portray

SAME_SLICE = 0.75
"""Likeness from which two pictures are copies; between what copies and what people reach."""
NEIGHBOURS = 128
"""How many of the most similar pictures of each picture are considered."""
COMPARISONS = 10
"""With how many of these it is compared while its group is small."""
JOINING = 3
"""With how many it is compared when its group has grown to a crowd."""
CROWD = 4
"""Pictures from which a group is a crowd: most of a folder of augmented pictures."""
REFUSALS = 2
"""It is compared with no further member of a group after so many were refused, so that a crowd
of copies of another slice does not hide its own."""
LAST_LOOK = 40
"""With how many members of crowds it is compared if it belongs to none at the end."""
THOROUGH = 2
"""With how many crowds, by the member most like it, it is compared thoroughly after that."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Match:
    """Two files that show the same slice; `likeness` is 1 for the same pixels."""

    first: str
    second: str
    likeness: float


@dataclass(frozen=True)
class Copies:
    """What was found in a folder.

    Attributes:
        exact: Files with the same pixels, by group of two and more.
        matches: Pairs that were compared and found to show the same slice. Not all pairs of a
            group are among them: what is linked already is not compared again.
        groups: The group of every file, numbered by first appearance.
    """

    exact: tuple[tuple[str, ...], ...]
    matches: tuple[Match, ...]
    groups: dict[str, int]

    def near(self) -> tuple[tuple[str, ...], ...]:
        """Files that show the same slice, exactly or nearly, by group of two and more."""
        return _repeated(self.groups)


class LeakAudit(Frozen):
    """What copies do to a data set. Groups are tuples of files, in the order of the data set.

    Attributes:
        scans: Files in all.
        distinct: Groups in all: how many different slices there are.
        exact_copies: Groups with the same pixels.
        near_copies: Groups that show the same slice, the exact ones included.
        across_classes: Those of them with two labels: one of the labels must be wrong.
        across_parts: Those of them that the folder's own split divides.
        leakage: Share of the scans of validation and test with a copy in train; none for a
            folder that is not split.
    """

    scans: int
    distinct: int
    exact_copies: tuple[tuple[str, ...], ...]
    near_copies: tuple[tuple[str, ...], ...]
    across_classes: tuple[tuple[str, ...], ...]
    across_parts: tuple[tuple[str, ...], ...]
    leakage: dict[str, float] | None


def find_copies(root: Path, entries: Sequence[Entry], progress: Progress | None = None) -> Copies:
    """Look for copies among scans.

    Args:
        root: The folder of the data set.
        entries: Its scans; a volume is judged by its middle slice.
        progress: Called with (steps done, steps in all).

    Raises:
        DatasetError: A file is gone, or has changed since it was indexed.
    """
    total = 2 * len(entries)
    names = [entry.file for entry in entries]
    same_pixels: dict[str, list[int]] = {}
    portraits: list[Portrait] = []
    with ThreadPoolExecutor() as pool:
        read = pool.map(lambda entry: _read(root, entry), entries)
        for number, (digest, portrait) in enumerate(read):
            portraits.append(portrait)
            same_pixels.setdefault(digest, []).append(number)
            if progress:
                progress(number + 1, total)
        search = _Search(portraits, list(same_pixels.values()), pool)
        for turn, turns in search.run():
            if progress:
                progress(len(entries) + len(entries) * turn // turns, total)
    numbers: dict[int, int] = {}
    return Copies(
        tuple(tuple(names[i] for i in same) for same in same_pixels.values() if len(same) > 1),
        tuple(Match(names[one], names[other], score) for one, other, score in search.matches),
        {name: numbers.setdefault(search.groups[i], len(numbers)) for i, name in enumerate(names)},
    )


class _Search:
    """Which pictures to compare, given what has been found so far.

    Comparing all pairs would take hours, so each picture goes through the ones most like it,
    one in each turn, until it belongs to a crowd or has seen enough. Pictures that are linked
    already are not compared.
    """

    def __init__(
        self, portraits: list[Portrait], same_pixels: list[list[int]], pool: ThreadPoolExecutor
    ) -> None:
        self.portraits = portraits
        self.pool = pool
        from scipy.cluster.hierarchy import DisjointSet  # slow to load; pages open without

        self.groups = DisjointSet(range(len(portraits)))
        self.matches: list[tuple[int, int, float]] = []
        self.compared: set[tuple[int, int]] = set()
        self.refused: Counter[tuple[int, int]] = Counter()
        for first, *others in same_pixels:
            for other in others:
                self._link(first, other, 1.0)
        self.distinct = [first for first, *_ in same_pixels]

    def run(self) -> Iterator[tuple[int, int]]:
        """Compare, and yield (turns done, turns in all) after each turn."""
        found = most_alike([self.portraits[number] for number in self.distinct], NEIGHBOURS)
        nearest = {
            one: [self.distinct[place] for place in row]
            for one, row in zip(self.distinct, found, strict=True)
        }
        turns = COMPARISONS + LAST_LOOK + 1
        queues = {one: iter(others) for one, others in nearest.items()}
        for turn in range(turns - 1):
            if turn >= JOINING:
                queues = {one: queue for one, queue in queues.items() if not self._crowded(one)}
            if turn == COMPARISONS:
                # What is left over now may belong to a crowd that others hide from it.
                queues = {
                    one: iter([other for other in nearest[one] if self._crowded(other)])
                    for one in queues
                }
            self._turn(queues)
            yield turn + 1, turns
        self._compare(sorted(self._nearest_crowds(nearest)), thorough=True)
        yield turns, turns

    def _turn(self, queues: dict[int, Iterator[int]]) -> None:
        """Compare each picture with the next in its queue that is worth it."""
        pending = set()
        for one, queue in queues.items():
            for other in queue:
                pair = (min(one, other), max(one, other))
                if (
                    pair not in self.compared
                    and not self.groups.connected(one, other)
                    and self.refused[one, self.groups[other]] < REFUSALS
                ):
                    pending.add(pair)
                    break
        self.compared |= pending
        self._compare(sorted(pending))

    def _nearest_crowds(self, nearest: dict[int, list[int]]) -> set[tuple[int, int]]:
        """Each picture that is in no crowd, with the most similar member of the first crowds."""
        pairs = set()
        for one, others in nearest.items():
            if not self._crowded(one):
                members: dict[int, int] = {}
                for other in others:
                    if self._crowded(other):
                        members.setdefault(self.groups[other], other)
                pairs |= {(one, other) for other in list(members.values())[:THOROUGH]}
        return pairs

    def _compare(self, pairs: list[tuple[int, int]], *, thorough: bool = False) -> None:
        """Compare these pairs and link those that show the same slice."""

        def score_of(pair: tuple[int, int]) -> float:
            one, other = (self.portraits[number] for number in pair)
            return likeness(one, other, SAME_SLICE, thorough=thorough)

        for (one, other), score in zip(pairs, self.pool.map(score_of, pairs), strict=True):
            if score >= SAME_SLICE:
                self._link(one, other, score)
            else:
                self.refused[one, self.groups[other]] += 1
                self.refused[other, self.groups[one]] += 1

    def _link(self, one: int, other: int, score: float) -> None:
        self.groups.merge(one, other)
        self.matches.append((one, other, score))

    def _crowded(self, one: int) -> bool:
        return bool(self.groups.subset_size(one) >= CROWD)


def group_near_copies(
    root: Path, entries: Sequence[Entry], progress: Progress | None = None
) -> dict[str, int]:
    """The group of every file; copies share a number (see `find_copies`)."""
    return find_copies(root, entries, progress).groups


def audit(dataset: Dataset, copies: Copies) -> LeakAudit:
    """What the copies in a folder do to its classes and to its own split."""
    near = copies.near()
    label = {entry.file: entry.label for entry in dataset.entries}
    part = {entry.file: entry.part for entry in dataset.entries}
    return LeakAudit(
        scans=len(dataset.entries),
        distinct=len(set(copies.groups.values())),
        exact_copies=copies.exact,
        near_copies=near,
        across_classes=tuple(g for g in near if len({label[file] for file in g}) > 1),
        across_parts=tuple(g for g in near if len({part[file] for file in g}) > 1),
        leakage=own_leakage(dataset, copies.groups),
    )


def own_leakage(dataset: Dataset, groups: Mapping[str, int]) -> dict[str, float] | None:
    """What the folder's own split leaks (see `leakage`); none for one that is not split.

    Args:
        dataset: The scans.
        groups: The group of every file, by copies or by patients as well.
    """
    if not dataset.already_split:
        return None
    rows = [(groups[entry.file], entry.part) for entry in dataset.entries]
    return leakage(pd.DataFrame(rows, columns=["group", "split"]))


def leakage(table: pd.DataFrame) -> dict[str, float]:
    """Share of the pictures of validation and test that share a group with one in train.

    Args:
        table: Columns `group` and `split`, one row a picture.

    Returns:
        {"validation": share, "test": share}, 0–1; 0 for a part without pictures.
    """
    groups = _by_part(table)
    return {part: _known(groups[part], groups["train"]) for part in ("validation", "test")}


def known_to_validation(table: pd.DataFrame) -> float:
    """Share of the test pictures that share a group with one in validation, 0–1.

    No network learns from them, but epoch, stage, temperature and threshold are chosen by them.

    Args:
        table: As in `leakage`.
    """
    groups = _by_part(table)
    return _known(groups["test"], groups["validation"])


def _by_part(table: pd.DataFrame) -> defaultdict[str, list[Hashable]]:
    """The group of each picture; a list of runs asks for it many times, and pandas takes longer."""
    groups: defaultdict[str, list[Hashable]] = defaultdict(list)
    for part, group in zip(table["split"].tolist(), table["group"].tolist(), strict=True):
        groups[part].append(group)
    return groups


def _known(groups: Sequence[Hashable], others: Sequence[Hashable]) -> float:
    """Share of these that are among the others, 0–1; 0 of none."""
    known = set(others)
    return sum(group in known for group in groups) / len(groups) if groups else 0.0


def _read(root: Path, entry: Entry) -> tuple[str, Portrait]:
    pixels = read_pixels(root, entry.file, entry.sha256)
    digest = hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()
    return digest, portray(pixels)


def _repeated(groups: dict[str, int]) -> tuple[tuple[str, ...], ...]:
    members: dict[int, list[str]] = {}
    for file, group in groups.items():
        members.setdefault(group, []).append(file)
    return tuple(tuple(files) for files in members.values() if len(files) > 1)
