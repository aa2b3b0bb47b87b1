"""Plans of pictures: shares, views, groups, and what cannot be divided."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.config import LEAKFREE, REPORT, Augmentation, Input, Protocol
from core.data.duplicates import leakage
from core.data.index import Dataset, Entry, index_folder
from core.data.splits import SPLIT_COLUMNS, load_pictures, plan_pictures
from core.errors import DatasetError


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
    negative=st.integers(3, 40),
    positive=st.integers(3, 40),
    sizes=st.lists(st.integers(1, 6), min_size=80, max_size=80),
    seed=st.integers(0, 1000),
)
def test_no_group_is_ever_divided_and_no_part_lacks_a_class(negative, positive, sizes, seed):
    dataset = made(negative, positive)
    numbers = np.repeat(np.arange(80), sizes)
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
