"""Which pictures are one, as far as evidence goes."""

import pytest
from made_run import make_run, pictures, predictions

from core.evaluation.groups import grouped


def test_a_picture_without_a_group_is_one_with_its_views(tmp_path):
    split = pictures({"train": 12, "test": 6})
    known = split.set_index(["file", "view"])["group"]
    blank = ["train/000.png", "train/004.png"]
    split.loc[split["file"].isin(blank), "group"] = None
    run = make_run(tmp_path, [1.0], split)
    rows = grouped(run, run.predictions("baseline")).set_index(["file", "view"])["group"]
    assert len(rows) == 12 * 3 + 6
    for file in blank:
        assert list(rows[file]) == [file] * 3
    others = ~rows.index.get_level_values("file").isin(blank)
    assert (rows[others] == known[rows.index][others]).all()


@pytest.mark.parametrize("known", [True, False])
def test_rows_come_in_a_fixed_order_and_groups_from_the_split_alone(tmp_path, known):
    split = pictures({"test": 6})
    run = make_run(tmp_path, [1.0], split if known else split.drop(columns="group"))
    table = predictions(split, 1.0, seed=0).assign(group="made up")
    rows = grouped(run, table.sample(frac=1, random_state=0))
    assert list(rows["file"]) == list(split["file"])
    assert list(rows["group"]) == list(split["group"] if known else split["file"])
