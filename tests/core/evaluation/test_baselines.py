"""A stage against the baselines: the tests, and what is said of them."""

import json

import numpy as np
import pandas as pd
import pytest
from made_run import POSITIVE, add_baselines, make_run, pictures, predictions
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests

from core.errors import RunError
from core.evaluation.comparison import compare
from core.evaluation.delong import auc_difference
from core.evaluation.metrics import auc, summarise

LARGE = {"train": 12, "validation": 60, "test": 240}
STRENGTHS = {"majority": 0, "metadata": 0.2, "hog": 0.4, "features": 1.0}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Three stages: weaker than the best baseline, about as good, far better."""
    run = make_run(tmp_path_factory.mktemp("workspace"), (0.2, 1.1, 3.5), pictures(LARGE))
    return add_baselines(run, STRENGTHS)


@pytest.fixture(scope="module")
def comparison(run):
    return compare(run)


def test_figures_of_baselines_follow_from_their_predictions(run, comparison):
    assert [baseline.name for baseline in comparison.baselines] == list(STRENGTHS)
    for baseline in comparison.baselines:
        for part in ("validation", "test"):
            rows = run.baseline_predictions(baseline.name).query("split == @part")
            expected = summarise(rows, POSITIVE)
            found = getattr(baseline, part)
            assert found.accuracy == pytest.approx(expected.accuracy)
            assert found.auc == pytest.approx(expected.auc)
            low, high = found.intervals["accuracy"]
            assert low < found.accuracy < high
    json.dumps(comparison.model_dump(mode="json"), allow_nan=False)


def test_each_figure_is_tested_against_the_baseline_that_is_best_at_it(run, comparison):
    tables = {name: _test(run.baseline_predictions(name)) for name in STRENGTHS}
    p_values, found = [], []
    for stage in comparison.stages:
        rows = _test(run.predictions(stage.name))
        truth = (rows["label"] == POSITIVE).to_numpy()
        right = {name: _right(table) for name, table in tables.items()}
        best = max(right, key=lambda name: right[name].mean())
        gained = (_right(rows) & ~right[best]).sum()
        lost = (~_right(rows) & right[best]).sum()
        accuracy = stage.beats.accuracy
        assert accuracy.baseline == best
        assert accuracy.value == pytest.approx((gained - lost) / len(rows))
        assert accuracy.p == pytest.approx(binomtest(gained, gained + lost).pvalue)
        best = max(tables, key=lambda name: auc(tables[name], POSITIVE))
        tested = auc_difference(
            truth, tables[best]["probability"].to_numpy(), rows["probability"].to_numpy()
        )
        assert stage.beats.auc.baseline == best
        assert stage.beats.auc.value == pytest.approx(tested.difference)
        assert stage.beats.auc.p == pytest.approx(tested.p)
        p_values += [accuracy.p, stage.beats.auc.p]
        found += [accuracy.p_holm, stage.beats.auc.p_holm]
    assert found == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_a_stage_is_told_what_it_is_worth(comparison):
    weak, equal, strong = (stage.beats for stage in comparison.stages)
    assert weak.verdict == "does not beat"
    assert "Baseline does not beat logistic regression on frozen features (" in weak.words
    assert equal.verdict == "no measurable difference"
    assert "may be chance (p = " in equal.words
    assert strong.verdict == "beats"
    test = comparison.stage("stage2").test
    best = {b.name: b for b in comparison.baselines}[strong.accuracy.baseline].test
    told = f"accuracy {100 * test.accuracy:.1f} % against {100 * best.accuracy:.1f} %"
    assert told in strong.words


@pytest.mark.parametrize(
    ("timidity", "verdict", "said"),
    [
        (1.92, "no measurable difference", "is ahead in AUC (p < 0.001), but behind in accuracy"),
        (2.2, "does not beat", "it is behind in accuracy (p < 0.001)"),
    ],
)
def test_behind_in_one_figure_is_not_better(tmp_path, timidity, verdict, said):
    """Ranked far better, but hardly ever called positive: AUC up, accuracy down."""
    split = pictures(LARGE)
    rows = predictions(split, 3.5, seed=0)
    timid = rows.assign(probability=rows["probability"] / timidity)
    run = add_baselines(make_run(tmp_path, {"baseline": timid}, split), {"features": 1.0})
    beats = compare(run).stages[0].beats
    assert beats.accuracy.value < 0 < beats.auc.value
    assert beats.verdict == verdict
    assert said in beats.words


def test_two_best_baselines_are_both_named(tmp_path):
    split = pictures(LARGE)
    run = add_baselines(
        make_run(tmp_path, {"baseline": predictions(split, 0.3, seed=0)}, split),
        {"metadata": 0.6, "hog": 2.0},
    )
    path = run.baseline_path("hog")
    timid = pd.read_csv(path)
    timid.assign(probability=timid["probability"] / 2.2).to_csv(path, index=False)
    words = compare(run).stages[0].beats.words
    assert "file metadata only (accuracy" in words
    assert "and HOG and a linear SVM (AUC" in words


def test_a_run_without_baselines_says_nothing_of_them(tmp_path):
    comparison = compare(make_run(tmp_path, (1.0,)))
    assert comparison.baselines == []
    assert comparison.stages[0].beats is None


def test_pictures_that_belong_to_no_part_are_left_out(tmp_path):
    split = pictures()
    split.loc[split["file"].str.startswith("test/00"), "split"] = None
    run = add_baselines(make_run(tmp_path, (1.0,), split), {"features": 1.0})
    comparison = compare(run)
    assert comparison.stages[0].test.n == comparison.baselines[0].test.n == 50
    assert comparison.stages[0].beats is not None


def test_a_test_part_of_one_class_or_none(tmp_path):
    one = pictures().query("split != 'test' or label == @POSITIVE").reset_index(drop=True)
    run = add_baselines(make_run(tmp_path / "one", (1.0,), one), {"majority": 0, "hog": 1.0})
    beats = compare(run).stages[0].beats
    assert beats.auc.value is beats.auc.p is None
    assert beats.accuracy.value is not None
    none = make_run(tmp_path / "none", (1.0,), pictures({"train": 12, "validation": 12}))
    comparison = compare(add_baselines(none, {"hog": 1.0}))
    assert comparison.stages[0].beats is None
    json.dumps(comparison.model_dump(mode="json"), allow_nan=False)


def test_baselines_of_other_pictures_are_refused(tmp_path):
    run = add_baselines(make_run(tmp_path, (1.0,)), {"hog": 1.0})
    path = run.baseline_path("hog")
    pd.read_csv(path).iloc[:-1].to_csv(path, index=False)
    with pytest.raises(RunError, match="hog and baseline differ"):
        compare(run)


def _test(rows):
    return rows[rows["split"] == "test"].sort_values(["file", "view"])


def _right(rows):
    called = rows["probability"].to_numpy() >= 0.5
    return np.asarray(called == (rows["label"] == POSITIVE).to_numpy())
