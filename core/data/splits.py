"""Which picture goes into which part, and the pictures themselves.

The plan is a table, one row a picture: an original (view 0) or a seeded view of it. A
protocol deals out pictures one by one, so that views of one scan part company, or deals out
groups of near copies whole. A cross-validation has such a plan for each of its folds.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from core.config import Protocol
from core.data.duplicates import known_to_validation, leakage
from core.data.index import PARTS, Dataset, read_pixels
from core.errors import DatasetError, SettingError
from core.imaging.preprocessing import prepare

SPLIT_COLUMNS = ["file", "view", "sha256", "label", "group", "split", "crop"]

TRIES = 100
"""Deals before a part is left without a class. Of small data sets one in forty takes more than
the first, none of thousands took more than ten."""


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
    table = _originals(dataset, groups)
    augmentation = protocol.augmentation
    views = _views(table, dataset, protocol)
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
        DatasetError: A picture of validation or test shares its group with one of train, or one
            of test with one of validation.
    """
    if protocol.split.unit != "group":
        return
    shares = [(part, "train", share) for part, share in leakage(table).items()]
    shares.append(("test", "validation", known_to_validation(table)))
    leaky = [
        f"{round(share * count)} of {count} {part} pictures have a copy or another scan of their "
        f"patient in {other}"
        for part, other, share in shares
        if share and (count := int((table["split"] == part).sum()))
    ]
    if leaky:
        raise DatasetError(
            "a split that keeps copies and the scans of a patient in one part",
            " and ".join(leaky),
            "Merge the parts into one folder of two class folders, to have it split anew; or "
            "accept the leak (--accept-leak): every result will be marked as leaky.",
        )


def plan_folds(
    dataset: Dataset, protocol: Protocol, groups: dict[str, int], folds: int
) -> list[pd.DataFrame]:
    """Plan the folds of a cross-validation: each scan is in the test part of exactly one.

    Groups of near copies are kept together and classes in proportion (scikit-learn's
    StratifiedGroupKFold, shuffled by the protocol's seed). Validation is dealt out of the rest,
    with the protocol's share of all scans. A folder that is split already is dealt anew.

    Every fold lists the same pictures in the same order, so that all folds share one entry in
    the cache of frozen activations. A view that a fold has no use for, being of a scan that it
    does not train on, is in no part: its `split` is empty.

    Args:
        dataset: The scans.
        protocol: How to augment, the share of validation, the seed.
        groups: The group of near copies of every file (see `core.data.duplicates`).
        folds: How many; at least 2.

    Returns:
        For each fold a plan as that of `plan_pictures`.

    Raises:
        DatasetError: A class is too small to be in every part of every fold.
        SettingError: Fewer than two folds, or a protocol that lets copies of a scan part
            company.
    """
    if folds < 2:
        raise SettingError("at least 2 folds", f"{folds} was given", "Choose 5.")
    if protocol.split.unit != "group":
        raise SettingError(
            "a protocol that keeps copies of a scan together",
            f"'{protocol.name}' deals out pictures one by one",
            "Choose leakfree, or set split.unit to group.",
        )
    table = _originals(dataset, groups)
    _expect_enough(pd.crosstab(table["group"], table["label"]), folds + 1, "the folds and one more")
    augmented = dataset.already_split and protocol.augmentation.applies_to == "everything"
    views = np.zeros(len(table), int) if augmented else _views(table, dataset, protocol)
    shares = {"validation": protocol.split.validation / (1 - 1 / folds)}
    from sklearn.model_selection import StratifiedGroupKFold  # slow to load; pages open without

    divide = StratifiedGroupKFold(folds, shuffle=True, random_state=protocol.seed)
    plans = []
    for number, (rest, _) in enumerate(divide.split(table, table["label"], table["group"]), 1):
        split = np.full(len(table), "test", object)
        rng = np.random.default_rng((protocol.seed, number))
        split[rest] = _deal(table["label"].iloc[rest], table["group"].iloc[rest], shares, rng)
        table["split"] = split
        _expect_both_classes(table)
        plan = _with_views(table, views)
        if protocol.augmentation.applies_to == "training":
            unused = (plan["view"] > 0) & (plan["split"] != "train")
            plan["split"] = plan["split"].mask(unused, "")
        plans.append(plan)
    return plans


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


def _originals(dataset: Dataset, groups: dict[str, int]) -> pd.DataFrame:
    """One row a scan as it is, in the part that its folder says."""
    return pd.DataFrame(
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


def _views(table: pd.DataFrame, dataset: Dataset, protocol: Protocol) -> np.ndarray:
    """How many views the protocol wants of each row, (n,)."""
    augmentation = protocol.augmentation
    return np.where(
        table["label"] == dataset.positive,
        augmentation.positive_views,
        augmentation.negative_views,
    )


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
    _expect_both_classes(table.assign(split=given))
    return given


def _expect_both_classes(table: pd.DataFrame) -> None:
    for part in PARTS:
        missing = set(table["label"]) - set(table.loc[table["split"] == part, "label"])
        if missing:
            raise DatasetError(
                f"scans of both classes in the {part} part",
                f"it has none of '{min(missing)}'",
                f"Add scans of '{min(missing)}' that are no copies of others.",
            )


def _expect_enough(counts: pd.DataFrame, parts: int, which: str) -> None:
    """Refuse groups (rows) of which a class (column) has fewer than there are parts."""
    scarce = (counts > 0).sum() < parts
    if scarce.any():
        name = str(scarce.idxmax())
        raise DatasetError(
            f"at least {parts} scans of each class that are no copies of one another and of "
            f"different patients, one for each of {which}",
            f"'{name}' has {int((counts[name] > 0).sum())}",
            "Add scans of that class; for numbers that mean anything, 30 or more of each.",
        )


def _deal(
    label: pd.Series, unit: pd.Series, shares: dict[str, float], rng: np.random.Generator
) -> np.ndarray:
    """Deal units out to "train" and the named parts so that each part gets its share of a class.

    Greedy: units in random order, the large ones first, each to the part where it brings the
    counts of the classes closest to what they should be (least squares, relative to the size
    of the part). With units of one picture this is a stratified random split; with groups it
    does what scikit-learn's StratifiedGroupKFold does for equal folds, for parts of any size.
    Where hardly enough units hold both classes a part may be left without one; then they are
    dealt anew in any order until none is.
    """
    wanted = {"train": 1 - sum(shares.values()), **shares}
    counts = pd.crosstab(unit, label)
    _expect_enough(counts, len(wanted), ", ".join(wanted))
    members = counts.to_numpy()
    target = np.maximum(np.outer(list(wanted.values()), members.sum(axis=0)), 1.0)
    order = rng.permutation(len(members))
    order = order[np.argsort(-members.sum(axis=1)[order], kind="stable")]
    chosen, filled = _deal_in(order, members, target)
    for _ in range(TRIES):
        if filled.all():
            break
        chosen, filled = _deal_in(rng.permutation(len(members)), members, target)
    part = pd.Series(np.array(list(wanted))[chosen], counts.index)
    return unit.map(part).to_numpy()


def _deal_in(
    order: np.ndarray, members: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Deal units out one after another.

    Args:
        order: Which comes when, (n,).
        members: How many pictures of each class are in each unit, (n, classes).
        target: How many each part should get, (parts, classes).

    Returns:
        The part of each unit, (n,), and how many pictures each part has got, (parts, classes).
    """
    filled = np.zeros_like(target)
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
    return chosen, filled
