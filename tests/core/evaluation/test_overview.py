"""A run in one line: the figures of its comparison, and when it must be made anew."""

import os
from pathlib import Path

import numpy as np
import pytest
from made_run import make_run

from core.errors import RunError
from core.evaluation.comparison import compare
from core.evaluation.intervals import GroupBootstrap, wilson
from core.evaluation.overview import Share, dated, overview, pictures_tested
from core.training.run_library import annotate


def test_its_figures_are_those_of_the_comparison(tmp_path: Path):
    run = make_run(tmp_path, [0.5, 2])
    found, last = overview(run), compare(run).stages[-1].test
    assert found.reached == "Stage 1"
    assert found.finished == ("baseline", "stage1")
    for name in ("accuracy", "sensitivity", "specificity"):
        share = getattr(found, name)
        assert share.value == pytest.approx(getattr(last, name))
        assert share.interval == pytest.approx(last.intervals[name])
    assert found.data == "scans"
    assert found.seconds == len(run.history())
    assert found.mark is None


def test_nor_do_many_slices_of_a_patient_make_them_narrower(tmp_path: Path):
    run = make_run(tmp_path, [0.5])
    slices = run.split()
    slices["group"] = slices["split"] + (slices.groupby("split").cumcount() // 6).astype(str)
    run.write_split(slices)
    found, last = overview(run), compare(run).stages[-1].test
    for name in ("accuracy", "sensitivity", "specificity"):
        assert getattr(found, name).interval == pytest.approx(last.intervals[name])
    assert last.intervals["accuracy"] != wilson(round(last.accuracy * last.n), last.n)


def test_a_run_without_results_has_no_figures(tmp_path: Path):
    run = make_run(tmp_path, [0.5])
    (run.stage_path("baseline") / "metrics.json").unlink()
    found = overview(run)
    assert found.reached is None
    assert found.finished == ()
    assert found.stages == 5
    assert found.accuracy == found.specificity == Share(value=None, interval=None)


def test_the_mark_of_a_leak_is_part_of_it(tmp_path: Path):
    run = make_run(tmp_path, [0.5])
    run.write_split(run.split().assign(group="one"))
    assert str(overview(run).mark).startswith("Leaky: 100 %")


def test_it_is_dated_by_what_it_rests_on(tmp_path: Path):
    run = make_run(tmp_path, [0.5])
    before = dated(run)
    annotate(run, note="says nothing of the results")
    assert dated(run) == before
    for file in ("config.json", "split.csv", "history.csv", "stages/baseline/metrics.json"):
        os.utime(run.path / file, (1e9, 1e9))
        assert dated(run) != before
        before = dated(run)


def test_a_damaged_run_is_said_to_be(tmp_path: Path):
    run = make_run(tmp_path, [0.5])
    (run.path / "config.json").write_text("{")
    assert dated(run)
    with pytest.raises(RunError):
        overview(run)


def test_a_share_of_nothing_is_no_share():
    nothing = np.zeros(0, bool)
    assert Share.of(nothing, nothing, GroupBootstrap.of([], seed=7)) == Share(
        value=None, interval=None
    )


def test_what_was_tested_is_known_by_content_wherever_it_lay(tmp_path: Path):
    one, other = make_run(tmp_path / "one", [0.5]), make_run(tmp_path / "other", [0.5])
    assert (
        pictures_tested(one) == pictures_tested(other) == {f"test/{i:03d}.png" for i in range(60)}
    )
    split = one.split().assign(sha256=lambda table: "sha-" + table["file"])
    one.write_split(split)
    other.write_split(split.assign(file="elsewhere/" + split["file"]))
    assert pictures_tested(one) == pictures_tested(other)
    assert len(pictures_tested(one)) == 60
