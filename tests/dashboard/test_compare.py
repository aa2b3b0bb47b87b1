"""The Compare page says what the predictions say, and no more."""

import io
import json

import pandas as pd
import pytest
import streamlit as st
from made_run import add_baselines, make_run
from pages import Pages, spied, texts
from streamlit.testing.v1 import AppTest

from core.evaluation.changes import changes
from core.evaluation.comparison import compare
from core.evaluation.mark import mark_of
from core.evaluation.metrics import outcomes
from core.protocols import REPORT
from core.reporting import figures
from core.training.runs import Run
from core.training.workspace import Workspace
from dashboard import state
from dashboard.components import metrics_table

STRENGTHS = (0.4, 1.3, 1.2)


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """Three stages with known answers; its scans are not on this disk."""
    return make_run(workspace.path, STRENGTHS)


def opened(pages: Pages, **widgets: str) -> AppTest:
    """The page with widgets set by their key."""
    for key, value in widgets.items():
        pages.test.session_state[key] = value
    page = pages.open("compare")
    assert not page.exception
    assert not page.error
    return page


def leak(run: Run) -> str:
    """Put half of the test part beside training; returns the mark."""
    split = run.split()
    copies = (split["split"] == "test") & (split["file"] < "test/030")
    run.write_split(split.assign(group=split["group"].mask(copies, "train0")))
    mark = mark_of(run)
    assert mark is not None
    assert "50.0 %" in mark
    return mark


def html(page: AppTest, kind: str) -> str:
    """The piece of HTML of this class."""
    return next(e.proto.body for e in page.html if f'class="{kind}' in e.proto.body)


def test_without_a_run_it_says_what_will_appear_and_how(pages):
    page = opened(pages)
    assert "side by side" in texts(page)
    assert "Train a stage" in [button.label for button in page.button]


def test_recommendation_comes_first_with_the_figures_of_the_kept_stage(pages, run):
    comparison = compare(run)
    kept = comparison.stage(comparison.keep.stage)
    page = opened(pages)
    assert page.subheader[0].value == f"Keep {kept.title}"
    assert comparison.keep.reason in texts(page)
    assert comparison.keep.others in texts(page)
    figures = html(page, "figures")
    assert metrics_table.value("accuracy", kept.test.accuracy) in figures
    assert metrics_table.interval("auc", kept.test.intervals["auc"]) in figures


def test_caveat_of_the_protocol_stays_by_the_numbers(run):
    run.write_config(run.config.model_copy(update={"protocol": REPORT}))
    for tab in ("Matrices", "Numbers"):
        assert REPORT.caveat in texts(opened(Pages(), **{state.COMPARE_TAB: tab}))


def test_the_mark_of_a_leaky_run_goes_with_its_numbers(run):
    mark = leak(run)
    for tab in ("Matrices", "Epochs", "Validation and test", "Thresholds", "Two stages"):
        page = opened(Pages(), **{state.COMPARE_TAB: tab})
        assert f"**{mark}**" in texts(page)
        assert ":orange-badge[:material/warning: leaky]" in texts(page)
        drawn = [json.loads(chart.proto.spec)["layout"] for chart in page.get("plotly_chart")]
        assert drawn
        assert all(layout["title"]["text"].replace("<br>", " ") == mark for layout in drawn)
    comparison = compare(run)
    for table in (metrics_table.long(comparison), metrics_table.predictions(run), run.history()):
        written = pd.read_csv(io.StringIO(metrics_table.as_csv(table, comparison)))
        assert written["leaky"].all()


def test_a_run_without_a_leak_has_no_mark(pages, run):
    page = opened(pages)
    assert "leaky" not in texts(page).lower()
    assert "Leaky" not in "".join(chart.proto.spec for chart in page.get("plotly_chart"))
    comparison = compare(run)
    written = pd.read_csv(
        io.StringIO(metrics_table.as_csv(metrics_table.long(comparison), comparison))
    )
    assert not written["leaky"].any()


def test_cell_lists_its_scans_with_their_probability_at_each_stage(pages, run):
    rows = run.predictions("stage1")
    rows = rows[rows["split"] == "test"]
    for outcome in ("fn", "fp", "tp"):
        chosen = {state.STAGE: "stage1", state.OUTCOME: outcome, state.PART: "test"}
        listed = opened(pages, **chosen).dataframe[0].value
        expected = rows[outcomes(rows, run.positive) == outcome].set_index("file")["probability"]
        found = listed.set_index("file")["stage1"] / 100
        assert len(expected) > 0
        assert found.to_dict() == pytest.approx(expected.to_dict())
        is_positive = outcome in ("fn", "tp")
        assert found.is_monotonic_increasing if is_positive else found.is_monotonic_decreasing
        assert {"baseline", "stage1", "stage2"} <= set(listed.columns)


@pytest.mark.usefixtures("run")
def test_rows_of_another_run_are_another_list(pages, workspace):
    other = make_run(workspace.path / "elsewhere", STRENGTHS[::-1])
    other.path.rename(workspace.path / "runs" / "other")
    lists = []
    for name in ("made", "other", "made"):
        page = opened(pages, **{state.RUN: name, state.STAGE: "stage1", state.OUTCOME: "fn"})
        lists.append(page.dataframe[0].proto.id)
    first, second, again = lists
    assert first != second
    assert first == again


def test_scans_on_a_share_that_is_cut_off_are_listed_without_a_picture(pages, run):
    data = run.config.data.model_copy(update={"root": "/" + 300 * "x"})  # answers with an error
    run.write_config(run.config.model_copy(update={"data": data}))
    assert len(opened(pages).dataframe[0].value) > 0


def test_numbers_agree_with_the_comparison_and_mark_what_is_worse(pages, run):
    comparison = compare(run)
    page = opened(pages, **{state.COMPARE_TAB: "Numbers", state.PART: "validation"})
    table = html(page, "numbers")
    for stage in comparison.stages:
        assert metrics_table.value("loss", stage.validation.loss) in table
        assert metrics_table.value("sensitivity", stage.validation.sensitivity) in table
    assert ("worse than the stage before" in table) == any(s.worse for s in comparison.stages)
    assert table.count("<small>keep") == 1


def test_stage_whose_origin_was_trained_anew_is_marked_stale(run):
    path = run.stage_path("baseline") / "metrics.json"
    path.write_text(path.read_text().replace("sha-baseline", "sha-another"))
    comparison = compare(run)
    marks = [metrics_table.marks(comparison, stage) for stage in comparison.stages]
    assert not any("stale" in mark for mark in marks[0])
    assert any("stale" in mark for mark in marks[1])


def test_csv_holds_every_figure_with_its_interval(run):
    comparison = compare(run)
    table = metrics_table.long(comparison)
    average = 2  # has no training part
    assert len(table) == (len(comparison.stages) * 3 + average) * len(metrics_table.FIGURES)
    row = table.query("stage == 'stage1' and part == 'test' and figure == 'accuracy'").iloc[0]
    accuracy = comparison.stage("stage1").test
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (accuracy.accuracy, *accuracy.intervals["accuracy"])
    )
    assert table["value"].between(0, 20).all()
    written = metrics_table.predictions(run)
    assert list(pd.unique(written["stage"])) == run.finished_stages()


def test_csv_holds_the_simple_baselines_below_the_stages(run):
    comparison = compare(add_baselines(run, {"majority": 0, "features": 0.9}))
    table = metrics_table.long(comparison)
    rows = table[table["kind"] == "simple baseline"]
    assert list(pd.unique(rows["stage"])) == ["majority", "features"]
    assert list(pd.unique(rows["part"])) == ["validation", "test"]  # they leave no others
    assert len(rows) == 2 * 2 * len(metrics_table.FIGURES)
    row = rows.query("stage == 'features' and part == 'test' and figure == 'auc'").iloc[0]
    test = comparison.baselines[1].test
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (test.auc, *test.intervals["auc"])
    )
    stages = table[table["kind"] == "stage"]
    assert list(pd.unique(stages["stage"])) == [stage.name for stage in comparison.stages]
    together = table.query("kind == 'average' and part == 'test' and figure == 'auc'").iloc[0]
    assert together["value"] == pytest.approx(comparison.average.test.auc)


def test_a_model_that_beats_no_baseline_is_told_so(run):
    assert "simple" not in texts(opened(Pages()))
    add_baselines(run, {"majority": 0, "features": 2.5})
    st.cache_data.clear()
    page = opened(Pages(), **{state.COMPARE_TAB: "Numbers"})
    comparison = compare(run)
    kept = comparison.stage(comparison.keep.stage)
    assert kept.beats.verdict == "does not beat"
    assert f":material/warning: {kept.beats.words}" in texts(page)
    tables = "".join(e.proto.body for e in page.html)
    for baseline in comparison.baselines:
        assert baseline.title in tables
        assert metrics_table.value("loss", baseline.test.loss) in tables


def test_operating_point_follows_what_is_wanted_and_is_in_the_address(pages, run):
    page = opened(
        pages,
        **{state.COMPARE_TAB: "Thresholds", state.SENSITIVITY: 80.0, state.PREVALENCE: 5.0},
    )
    comparison = compare(run, sensitivity=0.8, prevalence=0.05)
    table = html(page, "numbers operating")
    for stage in comparison.stages:
        point = stage.operating_point
        assert f"{100 * point.threshold:.1f} %" in table
        assert f"{100 * point.test.specificity:.1f} %" in table
        assert f"{100 * point.positive_predictive_value.value:.1f} %" in table
    assert "Where 5.0 % of those scanned" in texts(page)
    page.number_input(key=state.SENSITIVITY).set_value(95.0).run()
    assert not page.exception
    other = compare(run).stage(comparison.keep.stage).operating_point.threshold
    assert f"from {100 * other:.1f} % on" in texts(page)


def test_figures_are_drawn_again_only_when_the_record_or_a_choice_has_changed(
    pages, run, monkeypatch
):
    drawn = []
    draw = figures.all_stages_curves

    def counted(*args, **kwargs):
        drawn.append(kwargs["look"])
        return draw(*args, **kwargs)

    monkeypatch.setattr(figures, "all_stages_curves", counted)
    page = opened(pages, **{state.COMPARE_TAB: "Epochs"})
    page.run()
    assert len(drawn) == 1
    first = json.loads(page.get("plotly_chart")[0].proto.spec)
    history = run.history()
    run.write_history(history.assign(loss=history["loss"] / 2))
    page.run()
    assert len(drawn) == 2
    assert json.loads(page.get("plotly_chart")[0].proto.spec) != first
    page.session_state[state.CURVES] = "Stage by stage"
    page.run()
    page.session_state[state.CURVES] = "One axis"
    page.run()
    assert len(drawn) == 2


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("tab", ["Matrices", "Thresholds", "Numbers", "Two stages"])
def test_nothing_is_read_or_written_again_where_nothing_has_changed(pages, monkeypatch, tab):
    page = opened(pages, **{state.COMPARE_TAB: tab})
    asked = spied(monkeypatch)
    assert not page.run().exception
    assert asked == []


@pytest.mark.usefixtures("run")
def test_the_frame_is_around_the_chosen_cell(pages):
    page = opened(pages)

    def frames():
        return json.loads(page.get("plotly_chart")[0].proto.spec)["layout"]["shapes"]

    (first,) = frames()
    page.session_state[state.OUTCOME] = "tn"
    page.run()
    (second,) = frames()
    assert first != second


def test_two_stages_list_the_scans_that_changed_sides(pages, run):
    page = opened(
        pages,
        **{
            state.COMPARE_TAB: "Two stages",
            state.FIRST: "baseline",
            state.SECOND: "stage1",
            state.PART: "test",
            state.CHANGE: "put right",
        },
    )
    moved = changes(run.predictions("baseline"), run.predictions("stage1"), run.positive)
    moved = moved[(moved["split"] == "test") & (moved["change"] == "put right")]
    assert len(moved) > 0
    moved = moved.assign(error=(moved["second"] - (moved["label"] == run.positive)).abs())
    worst_first = moved.sort_values("error", ascending=False, kind="stable")["file"]
    assert page.dataframe[0].value["file"].tolist() == worst_first.tolist()
    assert "the worst calls of Stage 1 first" in texts(page)
    pair = compare(run).pair("baseline", "stage1", "test")
    assert f"{pair.gained} were put right and {pair.lost} made wrong" in texts(page)


@pytest.mark.usefixtures("run")
def test_the_second_of_two_stages_is_a_later_one(pages):
    chosen = {state.FIRST: "baseline", state.SECOND: "stage1"}
    page = opened(pages, **{state.COMPARE_TAB: "Two stages"}, **chosen)
    page.selectbox(key=state.FIRST).set_value("stage1").run()
    assert not page.exception
    assert page.selectbox(key=state.SECOND).value == "stage2"


def test_every_part_opens_also_with_a_single_stage(workspace):
    make_run(workspace.path, STRENGTHS[:1])
    for tab in ("Epochs", "Validation and test", "Thresholds", "Two stages"):
        page = opened(Pages(), **{state.COMPARE_TAB: tab})
    assert "two finished stages" in texts(page)


def test_class_names_cannot_write_into_the_page(pages, run):
    data = run.config.data.model_copy(update={"negative": "<b>no</b>", "positive": "tumour"})
    run.write_config(run.config.model_copy(update={"data": data}))
    page = opened(pages, **{state.COMPARE_TAB: "Numbers"})
    assert "<b>no</b>" not in "".join(e.proto.body for e in page.html)
