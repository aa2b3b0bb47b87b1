"""Pooled figures of a cross-validation, against a bootstrap written out by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from made_crossval import STAGES, made
from made_run import POSITIVE
from sklearn.metrics import brier_score_loss, log_loss, recall_score, roc_auc_score

from core.errors import RunError
from core.evaluation.average import average
from core.evaluation.comparison import compare
from core.evaluation.delong import auc_difference
from core.evaluation.doubts import doubts
from core.evaluation.intervals import GroupBootstrap, wilson
from core.evaluation.metrics import confusion
from core.evaluation.parts import PartView
from core.evaluation.pooled import pool
from core.evaluation.significance import mcnemar
from core.protocols import LEAKFREE
from core.reporting.markdown import pooled_table


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    return made(tmp_path_factory.mktemp("single"), (7,))


@pytest.fixture(scope="module")
def repeated(tmp_path_factory):
    return made(tmp_path_factory.mktemp("repeated"), (3, 4, 5))


def figures(rows):
    """By scikit-learn."""
    truth, p = (rows["label"] == POSITIVE).to_numpy(), rows["probability"].to_numpy()
    called = p >= 0.5
    sensitivity = recall_score(truth, called)
    specificity = recall_score(~truth, ~called)
    return {
        "accuracy": (called == truth).mean(),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "auc": roc_auc_score(truth, p),
        "loss": log_loss(truth, p),
        "brier": brier_score_loss(truth, p),
    }


def by_hand(table, resamples):
    """Figures in the resamples that a seed gives, rows repeated and counted by scikit-learn."""
    draws = GroupBootstrap.of(table["group"], seed=LEAKFREE.seed).draws
    number = table["group"].map({g: i for i, g in enumerate(sorted(set(table["group"])))})
    return pd.DataFrame(
        [
            figures(
                table.iloc[np.repeat(np.arange(len(table)), draw[number.to_numpy()].astype(int))]
            )
            for draw in draws[:resamples]
        ]
    )


def resampled(tables):
    """Mean over the seeds of each figure, in every resample."""
    views = [PartView(table.reset_index(drop=True), POSITIVE, LEAKFREE.seed) for table in tables]
    names = views[0].resampled
    return {name: np.mean([view.resampled[name] for view in views], axis=0) for name in names}


def test_with_one_seed_figures_are_those_of_a_test_part(single):
    pooled = pool(single)
    assert [stage.name for stage in pooled.stages] == ["baseline", "stage1", "average"]
    assert (pooled.scans, pooled.groups, pooled.folds, pooled.seeds) == (60, 30, 3, [7])
    for name in STAGES:
        stage, rows = pooled.stage(name), single.predictions(name)
        for figure, expected in figures(rows).items():
            assert getattr(stage, figure) == pytest.approx(expected), figure
        (tn, fp), (fn, tp) = stage.confusion
        assert stage.confusion == confusion(rows, POSITIVE)
        assert stage.intervals["accuracy"] == wilson(tn + tp, 60)
        assert stage.intervals["sensitivity"] == wilson(tp, tp + fn)
        assert stage.intervals["specificity"] == wilson(tn, tn + fp)
        assert [result.seed for result in stage.by_seed] == [7]
        assert stage.by_seed[0].auc == stage.auc


def test_with_one_seed_pairs_are_tested_as_in_a_run(single):
    pooled = pool(single)
    one, other = (single.predictions(name) for name in STAGES)
    truth = (one["label"] == POSITIVE).to_numpy()
    p, q = (table["probability"].to_numpy() for table in (one, other))
    pair = next(p for p in pooled.pairs if (p.first, p.second) == STAGES)
    exact = mcnemar((p >= 0.5) == truth, (q >= 0.5) == truth)
    assert (pair.gained, pair.lost, pair.accuracy.p) == (exact.gained, exact.lost, exact.p)
    delong = auc_difference(truth, p, q)
    assert (pair.auc.value, pair.auc.p) == (delong.difference, delong.p)
    assert pair.n == 60
    assert pair.groups == 30
    assert pair.loss.p_holm >= pair.loss.p


def test_with_several_seeds_figures_are_means_and_scans_are_drawn_for_all_seeds_at_once(repeated):
    pooled = pool(repeated)
    assert (pooled.scans, pooled.groups, pooled.seeds) == (60, 30, [3, 4, 5])
    stage, rows = pooled.stage("stage1"), repeated.predictions("stage1")
    tables = [table for _, table in rows.groupby("seed")]
    expected = pd.DataFrame([figures(table) for table in tables])
    replicates = resampled(tables)
    mean = sum(by_hand(table, 10) for table in tables) / 3
    for figure in expected:
        assert getattr(stage, figure) == pytest.approx(expected[figure].mean()), figure
        np.testing.assert_allclose(replicates[figure][:10], mean[figure])
        low, high = stage.intervals[figure]
        assert low < getattr(stage, figure) < high
        assert (low, high) == pytest.approx(np.quantile(replicates[figure], [0.025, 0.975]))
    own = [result.intervals["calibration_error"] for result in stage.by_seed]
    assert stage.intervals["calibration_error"] == pytest.approx(tuple(np.mean(own, axis=0)))
    assert stage.confusion == confusion(rows, POSITIVE)
    assert np.sum(stage.confusion) == 180
    for result, (seed, table) in zip(stage.by_seed, rows.groupby("seed"), strict=True):
        assert result.seed == seed
        assert result.accuracy == pytest.approx(figures(table)["accuracy"])
        assert result.n == 60


def test_repetition_does_not_make_evidence(tmp_path):
    """The same predictions three times over: not one interval gets narrower by it."""
    crossval = made(tmp_path, (3, 4, 5))
    for run in crossval.runs():
        origin = crossval.fold_path(3, int(run.name[-1]))
        for name in ("split.csv", "stages/stage1/predictions.csv"):
            (run.path / name).write_bytes((origin / name).read_bytes())
    stage = pool(crossval).stage("stage1")
    for figure in ("loss", "auc", "brier", "balanced_accuracy", "calibration_error"):
        assert getattr(stage, figure) == pytest.approx(getattr(stage.by_seed[0], figure))
        assert stage.intervals[figure] == pytest.approx(stage.by_seed[0].intervals[figure])


def test_with_several_seeds_differences_are_bootstrapped(repeated):
    pair = next(p for p in pool(repeated).pairs if (p.first, p.second) == STAGES)
    tables = {
        name: [table for _, table in repeated.predictions(name).groupby("seed")] for name in STAGES
    }
    means = {name: pd.DataFrame(map(figures, tables[name])).mean() for name in STAGES}
    first, second = (resampled(tables[name]) for name in STAGES)
    for figure in ("accuracy", "auc", "loss"):
        found = getattr(pair, figure)
        assert found.value == pytest.approx(means["stage1"][figure] - means["baseline"][figure])
        # The same groups are drawn for both stages.
        difference = second[figure] - first[figure]
        assert found.interval == pytest.approx(np.quantile(difference, [0.025, 0.975]))
        assert (found.p < 0.05) == (found.interval[0] > 0 or found.interval[1] < 0)
        assert found.p <= found.p_holm <= 1
    right = {
        name: np.concatenate(
            [(t["probability"] >= 0.5) == (t["label"] == POSITIVE) for t in tables[name]]
        )
        for name in STAGES
    }
    assert pair.gained == (~right["baseline"] & right["stage1"]).sum()
    assert pair.lost == (right["baseline"] & ~right["stage1"]).sum()


def test_the_average_of_stages_is_that_of_their_probabilities(repeated):
    average = pool(repeated).stages[-1]
    mean = repeated.predictions("baseline")
    mean["probability"] = (mean["probability"] + repeated.predictions("stage1")["probability"]) / 2
    expected = pd.DataFrame([figures(table) for _, table in mean.groupby("seed")]).mean()
    assert (average.name, average.title) == ("average", "Average of stages")
    assert average.auc == pytest.approx(expected["auc"])
    assert average.loss == pytest.approx(expected["loss"])


def test_a_perfect_stage_still_has_an_interval_with_a_width(tmp_path):
    stage = pool(made(tmp_path, (3, 4), strengths=(0.5, 60.0))).stage("stage1")
    for figure in ("accuracy", "sensitivity", "specificity", "balanced_accuracy", "auc"):
        low, high = stage.intervals[figure]
        assert getattr(stage, figure) == 1.0
        assert low < 0.97 < high
    assert stage.intervals["accuracy"] == pytest.approx(wilson(60, 60))
    assert stage.average_precision == 1.0
    assert stage.intervals["average_precision"] is None  # as with a single seed


def test_a_stage_that_diverged_in_one_seed_has_no_mean_loss(tmp_path):
    """A mean of the other seeds would hide it."""
    crossval = made(tmp_path, (3, 4))
    for fold in (1, 2, 3):
        path = crossval.fold_path(4, fold) / "stages" / "stage1" / "predictions.csv"
        pd.read_csv(path).assign(probability=np.nan).to_csv(path, index=False)
    pooled = pool(crossval)
    stage = pooled.stage("stage1")
    assert [result.loss is None for result in stage.by_seed] == [False, True]
    assert (stage.loss, stage.intervals["loss"]) == (None, None)
    pair = next(pair for pair in pooled.pairs if (pair.first, pair.second) == STAGES)
    assert (pair.loss.value, pair.loss.p) == (None, None)
    assert pooled.stage("baseline").loss is not None
    json.dumps(pooled.model_dump(mode="json"), allow_nan=False)


def test_json_and_markdown_say_the_same(repeated):
    pooled = pool(repeated)
    found = json.loads(json.dumps(pooled.model_dump(mode="json"), allow_nan=False))
    assert (found["crossval"], found["protocol"], found["settings"]) == ("made", "leakfree", {})
    assert found["stages"][0]["intervals"].keys() >= figures(repeated.predictions("stage1")).keys()
    text = pooled_table(pooled)
    assert f"{100 * pooled.stage('stage1').accuracy:.1f} % (" in text
    assert "Average of stages" in text
    assert "60 scans (30 independent groups)" in text
    assert "seeds 3, 4, 5" in text


def test_a_fold_is_a_run_like_any_other(single):
    """Its own comparison is there as well; without validation scans no stage is preferred."""
    fold = single.runs()[0]
    stages = compare(fold).stages
    assert [stage.name for stage in stages] == list(STAGES)
    assert stages[0].test.n == len(fold.predictions("baseline").query("split == 'test'"))


def test_without_a_finished_stage_there_is_nothing_to_pool(tmp_path):
    crossval = made(tmp_path, (7,))
    for stage in STAGES:
        (crossval.runs()[1].stage_path(stage) / "metrics.json").unlink()
    with pytest.raises(RunError, match="has none yet"):
        pool(crossval)


@pytest.mark.parametrize("seeds", [(7,), (3, 4)])
def test_labels_are_doubted_by_all_stages_and_seeds_together(tmp_path, seeds):
    crossval = made(tmp_path, seeds)
    together = average([crossval.predictions(stage) for stage in STAGES])
    found = pool(crossval).doubts
    assert found == doubts(together, POSITIVE)
    assert found
