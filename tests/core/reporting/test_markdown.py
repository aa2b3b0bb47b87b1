"""The table for documents says what the comparison says."""

import re

from made_run import add_baselines, make_run

from core.evaluation.comparison import compare
from core.reporting.markdown import stages_table


def test_every_stage_has_a_row_of_its_own_figures(tmp_path):
    comparison = compare(make_run(tmp_path, [0.5, 1.0, 1.5, 2.0, 2.0]))
    lines = stages_table(comparison).splitlines()
    columns = lines[0].count("|")
    for stage, line in zip(comparison.stages, lines[2:], strict=False):
        assert line.startswith(f"| {stage.title} |")
        assert line.count("|") == columns
        assert f"{100 * stage.test.accuracy:.1f} %" in line
        (tn, fp), (fn, tp) = stage.test.confusion
        assert f"tn {tn}, fp {fp}, fn {fn}, tp {tp}" in line
        low, high = map(float, re.search(r"% \((\d[\d.]*)–([\d.]+)\)", line).groups())
        assert low <= 100 * stage.validation.accuracy <= high
    assert comparison.keep.reason in stages_table(comparison)


def test_a_rise_of_loss_that_may_be_chance_is_told_as_both(tmp_path):
    comparison = compare(make_run(tmp_path, [0.5, 1.0, 0.99]))
    last = comparison.stages[-1].model_copy(
        update={"worse": True, "effect": "no measurable change"}
    )
    told = stages_table(comparison.model_copy(update={"stages": [*comparison.stages[:-1], last]}))
    assert told.count("| loss worse, no measurable change |") == 1


def test_a_leaky_split_is_said_before_its_figures(tmp_path):
    run = make_run(tmp_path, [0.5, 1.0])
    assert "Leaky" not in stages_table(compare(run))
    run.write_split(run.split().assign(group="one"))
    assert stages_table(compare(run)).startswith("**Leaky: 100 % of the validation and test")


def test_the_report_is_named_only_beside_its_own_protocol(tmp_path):
    comparison = compare(make_run(tmp_path, [0.5, 1.0, 1.5, 2.0, 2.0]))
    assert "89.3 %" not in stages_table(comparison)
    assert "89.3 %" in stages_table(comparison.model_copy(update={"protocol": "report"}))


def test_baselines_follow_the_stages(tmp_path):
    run = add_baselines(make_run(tmp_path, [0.5, 1.0]), {"metadata": 0.2, "features": 1.5})
    comparison = compare(run)
    text = stages_table(comparison)
    lines = text.splitlines()
    assert lines[4].startswith("| Average of stages |")
    for baseline, line in zip(comparison.baselines, lines[5:], strict=False):
        assert line.startswith(f"| {baseline.title} |")
        assert line.count("|") == lines[0].count("|")
        assert f"{100 * baseline.test.accuracy:.1f} %" in line
    assert all(stage.beats.words in text for stage in comparison.stages)
