"""Plans of pictures: shares, views, groups, and what cannot be divided."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.config import Augmentation, Input, Protocol
from core.data.duplicates import leakage
from core.data.index import Dataset, Entry, index_folder
from core.data.splits import SPLIT_COLUMNS, load_pictures, plan_folds, plan_pictures
from core.errors import DatasetError, SettingError
from core.imaging.preprocessing import prepare
from core.protocols import LEAKFREE, REPORT


def made(negative: int, positive: int, parts: tuple[str | None, ...] = (None,)) -> Dataset:
    """A data set that exists on paper only; parts are dealt in turn."""
    entries = [
        Entry(f"{label}/{n}.png", label, parts[n % len(parts)], f"{label}{n}", 40, 30)
        for label, count in (("no", negative), ("yes", positive))
        for n in range(count)
    ]
    return Dataset(Path(), tuple(entries), (), ("no", "yes"), parts != (None,), False)


def alone(dataset: Dataset) -> dict[str, int]:
    return {entry.file: number for number, entry in enumerate(dataset.entries)}


def counts(table: pd.DataFrame) -> dict[str, dict[str, int]]:
    return pd.crosstab(table["split"], table["label"]).to_dict("index")


def test_the_report_deals_out_2072_pictures_one_by_one():
    dataset = made(73, 150)
    table = plan_pictures(dataset, REPORT, alone(dataset))
    assert list(table.columns) == SPLIT_COLUMNS
    assert len(table) == 150 * 7 + 73 * 14 == 2072
    assert counts(table) == {
        "train": {"no": 818, "yes": 840},
        "validation": {"no": 102, "yes": 105},
        "test": {"no": 102, "yes": 105},
    }
    assert table.groupby("file")["view"].apply(list).str.len().value_counts().to_dict() == {
        7: 150,
        14: 73,
    }
    # That is what is wrong with it.
    assert min(leakage(table).values()) > 0.99


def test_leakfree_deals_out_groups_whole_and_augments_train_only():
    dataset = made(73, 150)
    groups = {entry.file: number // 2 for number, entry in enumerate(dataset.entries)}
    table = plan_pictures(dataset, LEAKFREE, groups)
    assert leakage(table) == {"validation": 0, "test": 0}
    assert (table.groupby("group")["split"].nunique() == 1).all()
    originals = counts(table[table["view"] == 0])
    for label, count in dataset.counts().items():
        assert abs(originals["test"][label] - 0.20 * count) <= 2
        assert abs(originals["validation"][label] - 0.15 * count) <= 2
    assert (table.loc[table["split"] != "train", "view"] == 0).all()
    views = table[table["split"] == "train"].groupby("label")["view"].max().to_dict()
    augmentation = LEAKFREE.augmentation
    assert views == {"no": augmentation.negative_views, "yes": augmentation.positive_views}


def test_the_seed_decides():
    dataset = made(20, 30)
    first = plan_pictures(dataset, LEAKFREE, alone(dataset))
    pd.testing.assert_frame_equal(first, plan_pictures(dataset, LEAKFREE, alone(dataset)))
    other = LEAKFREE.model_copy(update={"seed": 8})
    again = plan_pictures(dataset, other, alone(dataset))
    assert (
        first[first["view"] == 0].set_index("file")["split"]
        != again[again["view"] == 0].set_index("file")["split"]
    ).any()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    negative=st.integers(3, 12),
    positive=st.integers(3, 12),
    sizes=st.lists(st.integers(1, 6), min_size=24, max_size=24),
    seed=st.integers(0, 1000),
)
def test_no_group_is_ever_divided_and_no_part_lacks_a_class(negative, positive, sizes, seed):
    dataset = made(negative, positive)
    numbers = np.repeat(np.arange(24), sizes)
    groups = {entry.file: int(numbers[n]) for n, entry in enumerate(dataset.entries)}
    protocol = LEAKFREE.model_copy(update={"seed": seed})
    labels = pd.Series({entry.file: entry.label for entry in dataset.entries})
    if pd.Series(groups).groupby(labels).nunique().min() < 3:
        with pytest.raises(DatasetError, match="no copies of one another"):
            plan_pictures(dataset, protocol, groups)
        return
    table = plan_pictures(dataset, protocol, groups)
    assert (table.groupby("group")["split"].nunique() == 1).all()
    shares = pd.crosstab(table["split"], table["label"])
    assert shares.shape == (3, 2)
    assert (shares > 0).all(None)
    assert set(table["file"]) == set(groups)


def test_a_group_of_both_classes_leaves_no_part_without_one():
    """Five groups, the middle one of both: with the large ones first, validation lacks a class."""
    dataset = made(4, 7)
    numbers = np.repeat(np.arange(5), [1, 2, 2, 3, 4])
    groups = {entry.file: int(numbers[n]) for n, entry in enumerate(dataset.entries)}
    table = plan_pictures(dataset, LEAKFREE.with_settings({"seed": 419}), groups)
    shares = pd.crosstab(table["split"], table["label"])
    assert shares.shape == (3, 2)
    assert (shares > 0).all(None)


def test_too_few_scans_are_refused_with_what_is_needed():
    dataset = made(20, 2)
    with pytest.raises(DatasetError, match="at least 3 scans of each class") as problem:
        plan_pictures(dataset, LEAKFREE, alone(dataset))
    assert problem.value.received == "'yes' has 2"
    copies = {
        entry.file: (entry.label == "no") * 100 + n % 2
        for n, entry in enumerate(made(20, 20).entries)
    }
    with pytest.raises(DatasetError, match="no copies of one another"):
        plan_pictures(made(20, 20), LEAKFREE, copies)
    three = made(3, 3)
    assert counts(plan_pictures(three, LEAKFREE, alone(three)).query("view == 0")) == {
        part: {"no": 1, "yes": 1} for part in ("train", "validation", "test")
    }


def test_a_folder_that_is_split_keeps_its_split():
    dataset = made(30, 30, ("train", "train", "train", "validation", "test"))
    parts = {entry.file: entry.part for entry in dataset.entries}
    table = plan_pictures(dataset, REPORT, alone(dataset))
    assert (table["view"] == 0).all()
    assert table.set_index("file")["split"].to_dict() == parts
    table = plan_pictures(dataset, LEAKFREE, alone(dataset))
    assert table.groupby("file")["split"].first().to_dict() == parts
    assert (table.loc[table["view"] > 0, "split"] == "train").all()
    assert (table["view"] > 0).any()


def test_a_part_that_is_missing_is_dealt_out_of_train():
    dataset = made(40, 40, ("train", "train", "train", "test"))
    table = plan_pictures(dataset, LEAKFREE, alone(dataset))
    originals = table[table["view"] == 0]
    assert counts(originals)["test"] == {"no": 10, "yes": 10}
    assert counts(originals)["validation"] == {"no": 4, "yes": 4}
    given_test = {entry.file for entry in dataset.entries if entry.part == "test"}
    assert set(originals.loc[originals["split"] == "test", "file"]) == given_test


def test_a_split_without_one_class_in_a_part_is_refused():
    dataset = made(5, 30, ("train", "train", "train", "train", "train", "validation", "test"))
    with pytest.raises(DatasetError, match="both classes in the validation part"):
        plan_pictures(dataset, REPORT, alone(dataset))


def test_each_scan_is_held_out_by_one_fold_and_groups_stay_whole():
    dataset = made(73, 150)
    groups = {entry.file: number // 2 for number, entry in enumerate(dataset.entries)}
    plans = plan_folds(dataset, LEAKFREE, groups, 5)
    tests = [plan[plan["split"] == "test"] for plan in plans]
    assert all((test["view"] == 0).all() for test in tests)
    assert sorted(file for test in tests for file in test["file"]) == sorted(groups)
    for plan in plans:
        assert list(plan.columns) == SPLIT_COLUMNS
        used = plan[plan["split"] != ""]
        assert (used.groupby("group")["split"].nunique() == 1).all()
        originals = counts(plan[plan["view"] == 0])
        for label, count in dataset.counts().items():
            assert abs(originals["test"][label] - 0.20 * count) <= 2
            # The protocol's share of all scans, not of those that the fold leaves.
            assert abs(originals["validation"][label] - 0.15 * count) <= 2


def test_all_folds_and_seeds_list_the_same_pictures_and_share_their_cache():
    dataset = made(20, 30)
    repeated = LEAKFREE.with_settings({"seed": 8})
    plans = [
        plan
        for protocol in (LEAKFREE, repeated)
        for plan in plan_folds(dataset, protocol, alone(dataset), 3)
    ]
    listed = ["file", "view", "sha256", "label", "group"]
    for plan in plans[1:]:
        pd.testing.assert_frame_equal(plan[listed], plans[0][listed])
    # Views of a scan that is not trained on are in no part.
    for plan in plans:
        part = plan.groupby("file")["split"].first()
        views = plan[plan["view"] > 0]
        of_train = views["file"].map(part) == "train"
        assert (views["split"] == np.where(of_train, "train", "")).all()
        assert of_train.any()
        assert not of_train.all()
    scan = np.random.default_rng(0).integers(0, 255, (40, 30, 3)).astype(np.uint8)
    views = [
        prepare(scan, protocol, view=2, sha256="a").pixels for protocol in (LEAKFREE, repeated)
    ]
    np.testing.assert_array_equal(*views)


def test_the_seed_deals_the_folds_anew():
    dataset = made(20, 30)
    protocols = [LEAKFREE.with_settings({"seed": seed}) for seed in (7, 7, 8)]
    first, again, other = (plan_folds(dataset, p, alone(dataset), 5) for p in protocols)
    for plan, repeated in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(plan, repeated)
    held_out = [set(plan.loc[plan["split"] == "test", "file"]) for plan in (first[0], other[0])]
    assert held_out[0] != held_out[1]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    negative=st.integers(8, 40),
    positive=st.integers(8, 40),
    sizes=st.lists(st.integers(1, 3), min_size=80, max_size=80),
    folds=st.integers(2, 4),
    seed=st.integers(0, 1000),
)
def test_folds_hold_for_groups_of_any_size(negative, positive, sizes, folds, seed):
    dataset = made(negative, positive)
    numbers = np.repeat(np.arange(80), sizes)
    groups = {entry.file: int(numbers[n]) for n, entry in enumerate(dataset.entries)}
    labels = pd.Series({entry.file: entry.label for entry in dataset.entries})
    protocol = LEAKFREE.with_settings({"seed": seed})
    fewest = pd.Series(groups).groupby(labels).nunique().min()
    if fewest < folds + 1:
        with pytest.raises(DatasetError, match="no copies"):
            plan_folds(dataset, protocol, groups, folds)
        return
    try:
        plans = plan_folds(dataset, protocol, groups, folds)
    except DatasetError:  # one fold may take nearly all groups of a small class
        assert fewest < 2 * (folds + 1)
        return
    held_out = pd.concat([plan[plan["split"] == "test"] for plan in plans])
    assert sorted(held_out["file"]) == sorted(groups)
    for plan in plans:
        originals = plan[plan["view"] == 0]
        assert (originals.groupby("group")["split"].nunique() == 1).all()
        assert (pd.crosstab(originals["split"], originals["label"]) > 0).all(None)
        assert set(originals["split"]) == {"train", "validation", "test"}


def test_a_folder_that_is_split_is_dealt_anew():
    dataset = made(30, 30, ("train", "train", "train", "validation", "test"))
    everything = REPORT.with_settings({"split.unit": "group"})
    plans = plan_folds(dataset, everything, alone(dataset), 3)
    assert sum((plan["split"] == "test").sum() for plan in plans) == 60
    # The report's views were made before the folder was split, and are files in it.
    assert all((plan["view"] == 0).all() for plan in plans)


def test_views_of_everything_go_where_their_scan_goes():
    dataset = made(20, 20)
    everything = REPORT.with_settings({"split.unit": "group"})
    for plan in plan_folds(dataset, everything, alone(dataset), 2):
        assert set(plan["split"]) == {"train", "validation", "test"}
        assert (plan.groupby("file")["split"].nunique() == 1).all()


def test_folds_that_cannot_be_are_refused_in_words():
    dataset = made(20, 3)
    with pytest.raises(SettingError, match="at least 2 folds"):
        plan_folds(dataset, LEAKFREE, alone(dataset), 1)
    with pytest.raises(SettingError, match="deals out pictures one by one"):
        plan_folds(dataset, REPORT, alone(dataset), 2)
    with pytest.raises(DatasetError, match="at least 6 scans of each class") as problem:
        plan_folds(dataset, LEAKFREE, alone(dataset), 5)
    assert problem.value.received == "'yes' has 3"


@pytest.fixture
def folder(tmp_path):
    """Eight pictures with a bright disc, one of each class all black."""
    for label in ("yes", "no"):
        (tmp_path / label).mkdir()
        for number in range(4):
            pixels = np.zeros((90, 80, 3), np.uint8)
            if number:
                rows, columns = np.ogrid[:90, :80]
                disc = (rows - 45) ** 2 + (columns - 40) ** 2 < (20 + number) ** 2
                pixels[disc] = 100 + 40 * (label == "yes")
            Image.fromarray(pixels).save(tmp_path / label / f"{number}.png")
    return tmp_path


def small(protocol: Protocol) -> Protocol:
    views = Augmentation(
        positive_views=1,
        negative_views=2,
        applies_to=protocol.augmentation.applies_to,
        order=protocol.augmentation.order,
    )
    return protocol.model_copy(update={"input": Input(size=32), "augmentation": views})


@pytest.mark.parametrize("protocol", [REPORT, LEAKFREE], ids=lambda p: p.name)
def test_pictures_come_in_the_order_of_the_table(folder, protocol):
    dataset = index_folder(folder, already_cropped=False)
    protocol = small(protocol)
    table = plan_pictures(dataset, protocol, alone(dataset))
    seen = []
    pictures, filled = load_pictures(
        folder, table, protocol, False, progress=lambda *step: seen.append(step)
    )
    assert pictures.shape == (len(table), 32, 32, 3)
    assert pictures.dtype == np.uint8
    assert seen[-1] == (len(table), len(table))
    assert len(seen) == table["file"].nunique()
    black = filled["file"].str.endswith("/0.png")
    assert (filled.loc[black, "crop"] == "whole: no contour").all()
    originals = filled[~black & (filled["view"] == 0)]
    assert (originals["crop"] == "brain").all()
    assert (table["crop"] == "").all()
    shuffled = table.sample(frac=1, random_state=3)
    again, _ = load_pictures(folder, shuffled, protocol, False)
    np.testing.assert_array_equal(again, pictures[shuffled.index])


def test_cropped_pictures_are_not_cropped_again(folder):
    dataset = index_folder(folder, already_cropped=True)
    table = plan_pictures(dataset, small(LEAKFREE), alone(dataset))
    _, filled = load_pictures(folder, table, small(LEAKFREE), True)
    assert set(filled["crop"]) == {"none: already cropped"}


def test_a_file_that_went_is_reported(folder):
    dataset = index_folder(folder, already_cropped=False)
    table = plan_pictures(dataset, small(REPORT), alone(dataset))
    (folder / "yes" / "2.png").unlink()
    with pytest.raises(DatasetError, match="cannot be read any more"):
        load_pictures(folder, table, small(REPORT), False)


def test_the_real_originals_make_2072_pictures(shared):
    dataset = index_folder(shared / "data" / "brain_tumor_dataset", already_cropped=False)
    table = plan_pictures(dataset, REPORT, alone(dataset))
    assert len(table) == 2072
