"""`compare` and `evaluate`."""

import json

import pandas as pd
import pytest
from shell import here


def test_compare_follows_from_the_predictions(ask, run):
    code, out, err = ask("compare", "one", *here(run), "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["run"], found["protocol"]) == ("one", "report")
    assert [stage["name"] for stage in found["stages"]] == ["baseline", "stage1"]
    for stage in found["stages"]:
        assert (stage["epochs"], stage["best_epoch"]) == (1, 1)
        assert stage["trainable_parameters"] > 700_000
        rows = pd.read_csv(run.stage_path(stage["name"]) / "predictions.csv")
        for part in ("validation", "test"):
            of_part = rows[rows["split"] == part]
            called = of_part["probability"] >= 0.5
            ill = of_part["label"] == "yes"
            (tn, fp), (fn, tp) = stage[part]["confusion"]
            assert (tn, fp) == ((~called & ~ill).sum(), (called & ~ill).sum())
            assert (fn, tp) == ((~called & ill).sum(), (called & ill).sum())
            assert stage[part]["accuracy"] == pytest.approx((called == ill).mean())
            assert stage[part]["loss"] > 0
            assert stage[part]["intervals"]["accuracy"][0] < stage[part]["accuracy"]
    assert [b["name"] for b in found["baselines"]] == ["majority", "metadata", "hog", "features"]
    assert {"stage", "reason"} <= set(found["keep"])
    assert all(0 <= pair["accuracy"]["p_holm"] <= 1 for pair in found["pairs"])
    _, out, _ = ask("compare", "one", *here(run))
    assert "Baseline" in out
    assert "Optimistic" in out
    assert "File metadata only" in out
    assert found["stages"][0]["beats"]["words"] or found["stages"][1]["beats"]["words"]


def test_compare_reports_the_operating_point_that_was_asked_for(ask, run):
    words = ["compare", "one", *here(run), "--sensitivity", "0.6", "--prevalence", "0.1"]
    code, out, _ = ask(*words, "--json")
    assert code == 0
    for stage in json.loads(out)["stages"]:
        point = stage["operating_point"]
        assert (point["wanted_sensitivity"], point["prevalence"]) == (0.6, 0.1)
        for part in ("validation", "test"):
            rows = run.predictions(stage["name"]).query("split == @part")
            called = rows["probability"] >= point["threshold"]
            assert point[part]["confusion"][1][1] == (called & (rows["label"] == "yes")).sum()
        assert point["validation"]["sensitivity"] >= 0.6
    _, out, _ = ask(*words)
    assert "Where 10.0 % of those scanned" in out
    _, out, _ = ask("compare", "one", *here(run), "--json")
    assert json.loads(out)["stages"][0]["operating_point"]["positive_predictive_value"] is None


def test_evaluate_agrees_with_the_record_until_it_is_altered(ask, run):
    code, out, err = ask("evaluate", "one", *here(run), "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert [stage["name"] for stage in found["stages"]] == ["baseline", "stage1"]
    compared = json.loads(ask("compare", "one", *here(run), "--json")[1])
    for stage, other in zip(found["stages"], compared["stages"], strict=True):
        assert stage["agrees"] is True
        assert stage["largest_difference"] < 1e-3
        assert stage["test"]["confusion"] == other["test"]["confusion"]
        assert stage["validation"]["loss"] == pytest.approx(other["validation"]["loss"], abs=1e-4)

    path = run.stage_path("stage1") / "predictions.csv"
    rows = pd.read_csv(path)
    rows["probability"] = (1 - rows["probability"]).where(
        rows["split"] == "test", rows["probability"]
    )
    rows.to_csv(path, index=False)
    code, out, err = ask("evaluate", "one", *here(run))
    assert code == 1
    assert "NO" in out
    assert "do not say what its predictions.csv says" in err


def test_without_a_finished_stage_there_is_nothing_to_evaluate(ask, run):
    for stage in run.finished_stages():
        run.archive_stage(stage)
    code, out, err = ask("evaluate", "one", *here(run), "--json")
    assert (code, out) == (2, "")
    assert "none yet" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("evaluate one --stages final", "'final' was asked for"),
        ("compare ghost", "'ghost' was given"),
        ("compare one --sensitivity 95", "95 was given"),
        ("compare one --prevalence 0", "0 was given"),
    ],
)
def test_bad_input_gets_one_line_and_status_2(refused, words, told):
    refused(words, told)
