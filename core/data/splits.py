"""Which picture goes into which part, and the pictures themselves.

The plan is a table, one row a picture: an original (view 0) or a seeded view of it. A
protocol deals out pictures one by one, so that views of one scan part company, or deals out
groups of near copies whole.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from core.config import Protocol
from core.data.duplicates import leakage
from core.data.index import PARTS, Dataset, read_pixels
from core.errors import DatasetError
from core.imaging.preprocessing import prepare

SPLIT_COLUMNS = ["file", "view", "sha256", "label", "group", "split", "crop"]


def plan_pictures(dataset: Dataset, protocol: Protocol, groups: dict[str, int]) -> pd.DataFrame:
    """Decide on every picture: its view, its group and its part. Seeded by the protocol.

    A folder that is split already keeps its split, and is taken to have been augmented before
    that if the protocol augments everything; a part that it lacks is dealt out of its training
    part.

    Args:
        dataset: The scans.
        protocol: How to augment and split.
        groups: The group of every file: its near copies (see `core.data.duplicates`) and, where
            they are known, the scans of its patient (see `core.data.patients`).

    Returns:
        Columns `SPLIT_COLUMNS`, in the order of the data set, views after their original;
        `crop` is empty until the pictures are prepared.

    Raises:
        DatasetError: A class is too small to be in every part.
    """
    table = pd.DataFrame(
        {
            "file": [entry.file for entry in dataset.entries],
            "view": 0,
            "sha256": [entry.sha256 for entry in dataset.entries],
            "label": [entry.label for entry in dataset.entries],
            "group": [groups[entry.file] for entry in dataset.entries],
            "split": [entry.part for entry in dataset.entries],
            "crop": "",
        },
        columns=SPLIT_COLUMNS,
    )
    augmentation = protocol.augmentation
    views = np.where(
        table["label"] == dataset.positive,
        augmentation.positive_views,
        augmentation.negative_views,
    )
    if augmentation.applies_to == "everything" and not dataset.already_split:
        table = _with_views(table, views)
    table["split"] = _split(table, protocol)
    if augmentation.applies_to == "training":
        table = _with_views(table, np.where(table["split"] == "train", views, 0))
    return table


def expect_no_leak(table: pd.DataFrame, protocol: Protocol) -> None:
    """Refuse a split that leaks, if the protocol promises that copies are kept together.

    A protocol that deals out picture by picture promises nothing: to choose it is to accept it.

    Args:
        table: The plan, with columns `SPLIT_COLUMNS`.
        protocol: Whose plan it is.

    Raises:
        DatasetError: A picture of validation or test shares its group with one of train.
    """
    if protocol.split.unit != "group":
        return
    leaky = [
        f"{round(share * (table['split'] == part).sum())} of {(table['split'] == part).sum()} "
        f"{part} pictures"
        for part, share in leakage(table).items()
        if share
    ]
    if leaky:
        raise DatasetError(
            "a split that keeps copies and the scans of a patient in one part",
            f"{' and '.join(leaky)} have a copy or another scan of their patient in train",
            "Merge the parts into one folder of two class folders, to have it split anew; or "
            "accept the leak (--accept-leak): every result will be marked as leaky.",
        )


def load_pictures(
    root: Path,
    table: pd.DataFrame,
    protocol: Protocol,
    cropped_already: bool,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Prepare every picture of a plan; each file is read once, whatever its views.

    Args:
        root: The folder of the data set.
        table: The plan, with columns `SPLIT_COLUMNS`.
        protocol: How scans are cropped, sized and augmented.
        cropped_already: Whether the scans are cropped to the brain.
        progress: Called with (pictures prepared, pictures in all).

    Returns:
        uint8 RGB of shape (n, S, S, 3) in the order of the table, and the table with `crop`
        filled in: "brain", "whole: REASON" where the crop failed, "none: already cropped".

    Raises:
        DatasetError: A file is gone, has changed since the plan was made, or cannot be read.
    """
    size = protocol.input.size
    pictures = np.empty((len(table), size, size, 3), np.uint8)
    crops = np.empty(len(table), object)
    done = 0
    for file, rows in table.reset_index(drop=True).groupby("file", sort=False):
        sha256 = rows["sha256"].iloc[0]
        pixels = read_pixels(root, str(file), sha256)
        for row, view in zip(rows.index, rows["view"], strict=True):
            prepared = prepare(
                pixels, protocol, view=int(view), sha256=sha256, cropped_already=cropped_already
            )
            pictures[row] = prepared.pixels
            fallback = prepared.box.fallback
            crops[row] = (
                "none: already cropped"
                if cropped_already
                else (f"whole: {fallback}" if fallback else "brain")
            )
        done += len(rows)
        if progress:
            progress(done, len(table))
    return pictures, table.assign(crop=crops)


def _with_views(table: pd.DataFrame, views: np.ndarray) -> pd.DataFrame:
    """The table with each row followed by as many views of it as `views` (n,) says."""
    repeated = table.loc[table.index.repeat(1 + views)]
    return repeated.assign(view=repeated.groupby(level=0).cumcount()).reset_index(drop=True)


def _split(table: pd.DataFrame, protocol: Protocol) -> pd.Series:
    """The part of every row: as given where there is a split, else dealt out."""
    given = table["split"].copy()
    dealt = given.isna()
    shares = {"validation": protocol.split.validation, "test": protocol.split.test}
    if not dealt.all():
        dealt = given == "train"
        shares = {part: share for part, share in shares.items() if part not in set(given)}
    if shares:
        pool = table[dealt]
        unit = (
            pool["group"] if protocol.split.unit == "group" else pd.Series(pool.index, pool.index)
        )
        given[dealt] = _deal(pool["label"], unit, shares, np.random.default_rng(protocol.seed))
    for part in PARTS:
        missing = set(table["label"]) - set(table.loc[given == part, "label"])
        if missing:
            raise DatasetError(
                f"scans of both classes in the {part} part",
                f"it has none of '{min(missing)}'",
                f"Add scans of '{min(missing)}' that are no copies of others.",
            )
    return given


def _deal(
    label: pd.Series, unit: pd.Series, shares: dict[str, float], rng: np.random.Generator
) -> np.ndarray:
    """Deal units out to "train" and the named parts so that each part gets its share of a class.

    Greedy: units in random order, the large ones first, each to the part where it brings the
    counts of the classes closest to what they should be (least squares, relative to the size
    of the part). With units of one picture this is a stratified random split; with groups it
    does what scikit-learn's StratifiedGroupKFold does for equal folds, for parts of any size.
    """
    wanted = {"train": 1 - sum(shares.values()), **shares}
    counts = pd.crosstab(unit, label)
    scarce = (counts > 0).sum() < len(wanted)
    if scarce.any():
        name = str(scarce.idxmax())
        raise DatasetError(
            f"at least {len(wanted)} scans of each class that are no copies of one another and of "
            f"different patients, one for each of {', '.join(wanted)}",
            f"'{name}' has {int((counts[name] > 0).sum())}",
            "Add scans of that class; for numbers that mean anything, 30 or more of each.",
        )
    members = counts.to_numpy()
    target = np.maximum(np.outer(list(wanted.values()), members.sum(axis=0)), 1.0)
    filled = np.zeros_like(target)
    order = rng.permutation(len(members))
    order = order[np.argsort(-members.sum(axis=1)[order], kind="stable")]
    chosen = np.empty(len(members), int)
    left = (members > 0).sum(axis=0)
    for position in order:
        after = filled + members[position]
        cost = (((after - target) ** 2 - (filled - target) ** 2) / target).sum(axis=1)
        # The last units of a class go where that class is still lacking.
        urgent = (members[position] > 0) & (left <= (filled == 0).sum(axis=0))
        if urgent.any():
            cost[~(filled == 0)[:, urgent].any(axis=1)] = np.inf
        left -= members[position] > 0
        chosen[position] = cost.argmin()
        filled[chosen[position]] = after[chosen[position]]
    part = pd.Series(np.array(list(wanted))[chosen], counts.index)
    return unit.map(part).to_numpy()
