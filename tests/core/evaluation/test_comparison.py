"""The comparison of a run's stages, from hand-written results in a real run folder."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from made_run import NEGATIVE, POSITIVE, make_run, pictures, predictions
from scipy.stats import binomtest

from core.errors import RunError
from core.evaluation.comparison import compare
from core.evaluation.delong import auc_difference
from core.evaluation.intervals import wilson
from core.evaluation.metrics import summarise
from core.protocols import LEAKFREE
from core.training.workspace import Workspace

STRENGTHS = (0.4, 1.2, 1.3, 2.5, 2.4)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("workspace"), STRENGTHS)


@pytest.fixture(scope="module")
def comparison(run):
    return compare(run)


def test_json_has_what_it_promises(run, comparison):
    found = json.loads(json.dumps(comparison.model_dump(mode="json"), allow_nan=False))
    assert (found["run"], found["protocol"]) == ("made", "leakfree")
    assert (found["negative"], found["positive"]) == (NEGATIVE, POSITIVE)
    assert [stage["name"] for stage in found["stages"]] == [s.name for s in LEAKFREE.stages]
    for stage in found["stages"]:
        assert (stage["epochs"], stage["best_epoch"]) == (6, 4)
        for part in ("validation", "test"):
            rows = run.predictions(stage["name"]).query("split == @part")
            expected = summarise(rows, POSITIVE)
            assert stage[part]["accuracy"] == pytest.approx(expected.accuracy)
            assert stage[part]["loss"] == pytest.approx(expected.loss)
            assert stage[part]["confusion"] == expected.confusion
    assert found["stages"][0]["trainable_parameters"] == 3 * (256 + 512 + 512) * 2 + 2
    assert found["keep"]["stage"] == "stage3"


def test_the_average_is_the_mean_of_the_probabilities_of_all_stages(run, comparison, tmp_path):
    tables = [run.predictions(stage.name) for stage in comparison.stages]
    mean = tables[0].assign(probability=sum(t["probability"] for t in tables) / len(tables))
    for part in ("validation", "test"):
        expected = summarise(mean.query("split == @part"), POSITIVE)
        found = getattr(comparison.average, part)
        assert found.accuracy == pytest.approx(expected.accuracy)
        assert found.loss == pytest.approx(expected.loss)
        assert found.confusion == expected.confusion
    assert compare(make_run(tmp_path, [1.0])).average is None


def test_every_figure_lies_in_its_interval(comparison):
    for stage in comparison.stages:
        for part in (stage.train, stage.validation, stage.test):
            for name, interval in part.intervals.items():
                low, high = interval
                assert low <= getattr(part, name) <= high, name
                assert low < high, name
        low, high = stage.overfitting.intervals["loss"]
        assert low < stage.overfitting.loss < high


def test_shares_get_wilsons_interval(comparison):
    test = comparison.stage("stage1").test
    (tn, fp), (fn, tp) = test.confusion
    assert test.intervals["accuracy"] == wilson(tn + tp, test.n)
    assert test.intervals["sensitivity"] == wilson(tp, tp + fn)
    assert test.intervals["specificity"] == wilson(tn, tn + fp)


def test_near_copies_count_once(comparison):
    assert comparison.stages[0].test.n == 60
    assert comparison.stages[0].test.groups == 30


def test_training_is_measured_as_validation_is(run, comparison):
    """Validation has no views here, so training is taken without its views as well."""
    train = comparison.stages[0].train
    rows = run.predictions("baseline").query("split == 'train' and view == 0")
    assert train.n == len(rows) == 120
    assert train.loss == pytest.approx(summarise(rows, POSITIVE).loss)
    gap = comparison.stages[0].overfitting
    assert gap.loss == pytest.approx(comparison.stages[0].validation.loss - train.loss)


def test_training_keeps_its_views_where_validation_has_them_too(tmp_path):
    split = pictures()
    views = split[split["split"] == "validation"].assign(view=1)
    train = compare(make_run(tmp_path, [1.0], pd.concat([split, views]))).stages[0].train
    assert (train.n, train.groups) == (3 * 120, 60)


def test_the_gap_takes_both_parts_as_independent(tmp_path):
    """The same pictures in both, so that resamples of the two would go together."""
    split = pictures(dict.fromkeys(("train", "validation", "test"), 60), views=0)
    table = predictions(split, 1.0, seed=0)
    train = table.loc[table["split"] == "train", "probability"]
    table.loc[table["split"] == "validation", "probability"] = train.to_numpy()
    gap = compare(make_run(tmp_path, {"baseline": table}, split)).stages[0].overfitting
    assert (gap.loss, gap.accuracy) == (0, 0)
    for low, high in gap.intervals.values():
        assert low < -0.05
        assert high > 0.05


def test_worse_is_a_higher_validation_loss(comparison):
    losses = [stage.validation.loss for stage in comparison.stages]
    assert [stage.worse for stage in comparison.stages] == [
        False,
        *(later > earlier for earlier, later in itertools.pairwise(losses)),
    ]
    assert comparison.stages[-1].worse


def test_pairs_are_tested_and_corrected(run, comparison):
    assert len(comparison.pairs) == 20  # ten pairs of stages on each of two parts
    assert sum(p.consecutive for p in comparison.pairs) == 8
    pair = comparison.pair("baseline", "stage1", "test")
    rows = [run.predictions(s).query("split == 'test'") for s in ("baseline", "stage1")]
    truth = (rows[0]["label"] == POSITIVE).to_numpy()
    first, second = (r["probability"].to_numpy() for r in rows)
    right = [(p >= 0.5) == truth for p in (first, second)]
    assert pair.gained == (~right[0] & right[1]).sum()
    assert pair.lost == (right[0] & ~right[1]).sum()
    assert pair.accuracy.value == pytest.approx((pair.gained - pair.lost) / 60)
    assert pair.accuracy.p == pytest.approx(binomtest(pair.gained, pair.gained + pair.lost).pvalue)
    assert pair.auc.p == pytest.approx(auc_difference(truth, first, second).p)
    for figure in ("accuracy", "auc", "loss"):
        tests = [getattr(p, figure) for p in comparison.pairs if p.part == "test"]
        assert all(t.p <= t.p_holm <= 1 for t in tests)
        smallest = min(tests, key=lambda t: t.p)
        assert smallest.p_holm == pytest.approx(min(1, 10 * smallest.p))


def test_same_run_same_figures(run, comparison):
    assert compare(run) == comparison


def test_a_repeated_stage_makes_later_ones_stale(tmp_path):
    run = make_run(tmp_path, STRENGTHS)
    assert not any(stage.stale for stage in compare(run).stages)
    path = run.stage_path("stage1") / "metrics.json"
    record = json.loads(path.read_text()) | {"model_sha256": "trained again"}
    path.write_text(json.dumps(record))
    assert [stage.stale for stage in compare(run).stages] == [False, False, True, True, True]


def test_a_stage_set_aside_leaves_a_stale_successor(tmp_path):
    run = make_run(tmp_path, STRENGTHS[:3])
    run.archive_stage("stage1")
    assert [(s.name, s.stale) for s in compare(run).stages] == [
        ("baseline", False),
        ("stage2", True),
    ]


def test_settings_of_a_repeated_stage_are_its_own(tmp_path):
    run = make_run(tmp_path, STRENGTHS[:2])
    path = run.stage_path("stage1") / "metrics.json"
    record = json.loads(path.read_text())
    record["stage"] |= {"unfrozen": ["block5_conv4"], "learning_rate": 3e-5}
    path.write_text(json.dumps(record))
    stages = compare(run).stages
    assert stages[1].learning_rate == 3e-5
    assert stages[1].trainable_parameters - stages[0].trainable_parameters == 512 * 512 * 9 + 512


def test_a_perfect_stage_still_has_an_interval(tmp_path):
    split = pictures()
    perfect = predictions(split, 100, seed=0)
    comparison = compare(make_run(tmp_path, {"baseline": perfect, "stage1": perfect}, split))
    test = comparison.stages[0].test
    assert (test.accuracy, test.balanced_accuracy, test.auc) == (1, 1, 1)
    for name in ("accuracy", "balanced_accuracy", "auc"):
        assert 0.7 < test.intervals[name][0] < 0.97
    pair = comparison.pairs[0]
    assert (pair.accuracy.p, pair.accuracy.interval, pair.auc.p) == (1, None, 1)


def test_a_test_part_of_one_class(tmp_path):
    split = pictures().query("split != 'test' or label == @POSITIVE").reset_index(drop=True)
    comparison = compare(make_run(tmp_path, STRENGTHS[:2], split))
    test = comparison.stages[0].test
    assert (test.auc, test.specificity, test.intervals["auc"]) == (None, None, None)
    assert test.sensitivity is not None
    assert comparison.pair("baseline", "stage1", "test").auc.p is None
    json.dumps(comparison.model_dump(mode="json"), allow_nan=False)


def test_without_test_and_validation(tmp_path):
    split = pictures({"train": 12})
    comparison = compare(make_run(tmp_path, STRENGTHS[:2], split))
    assert comparison.stages[0].test.n == 0
    assert comparison.stages[0].test.accuracy is None
    assert comparison.keep.stage is None
    assert comparison.keep.reason
    json.dumps(comparison.model_dump(mode="json"), allow_nan=False)


def test_a_network_that_diverged(tmp_path):
    split = pictures()
    broken = predictions(split, 1, seed=0).assign(probability=np.nan)
    good = predictions(split, 1, seed=1)
    comparison = compare(make_run(tmp_path, {"baseline": good, "stage1": broken}, split))
    assert comparison.stages[1].validation.loss is None
    assert comparison.keep.stage == "baseline"
    json.dumps(comparison.model_dump(mode="json"), allow_nan=False)


def test_a_split_without_groups_takes_files_as_groups(tmp_path):
    split = pictures().drop(columns="group")
    found = compare(make_run(tmp_path, STRENGTHS[:1], split))
    assert found.stages[0].test.groups == 60
    assert found.mark is None


def test_a_leaky_split_leaves_its_mark(comparison, tmp_path):
    assert comparison.leakage == {"validation": 0, "test": 0}
    assert comparison.mark is None
    split = pictures()
    copies = (split["split"] == "test") & (split["group"] != "test0")
    split.loc[copies, "group"] = "train0"
    found = json.loads(compare(make_run(tmp_path, STRENGTHS[:1], split)).model_dump_json())
    assert found["leakage"] == {"validation": 0, "test": pytest.approx(58 / 60)}
    assert found["mark"].startswith("Leaky: 96.7 % of the test pictures have a copy in training")


def test_order_of_rows_does_not_matter(tmp_path):
    split = pictures()
    tables = {name: predictions(split, 1, seed=i) for i, name in enumerate(("baseline", "stage1"))}
    straight = compare(make_run(tmp_path / "a", tables, split))
    tables["stage1"] = tables["stage1"].sample(frac=1, random_state=0)
    shuffled = compare(make_run(tmp_path / "b", tables, split))
    assert shuffled.pairs == straight.pairs
    assert shuffled.stages == straight.stages


def test_nothing_finished_is_said_plainly(tmp_path):
    run = make_run(tmp_path, {"baseline": predictions(pictures(), 1, 0)})
    empty = Workspace(tmp_path).create(LEAKFREE, run.config.data, name="empty")
    with pytest.raises(RunError, match="none yet"):
        compare(empty)


def test_stages_that_saw_other_pictures_are_refused(tmp_path):
    split = pictures()
    tables = {
        "baseline": predictions(split, 1, 0),
        "stage1": predictions(split, 1, 0).assign(
            file=lambda t: t["file"].where(t["file"] != "test/000.png", "test/other.png")
        ),
    }
    with pytest.raises(RunError, match="same pictures"):
        compare(make_run(tmp_path, tables, split))
