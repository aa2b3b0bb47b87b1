"""Curves draw the history."""

import numpy as np
import pytest
from made_figures import TITLES, named
from made_run import history

from core.reporting import figures


def test_stage_curves_draw_history(run):
    figure = figures.stage_curves(run.history(), TITLES)
    rows = run.history().query("stage == 'stage1'")
    losses = [t for t in named(figure, "validation") if t.xaxis == "x2"]
    np.testing.assert_allclose(losses[0].y, rows["validation_loss"])
    kept = [t for t in named(figure, "validation, kept") if t.xaxis == "x2"]
    assert list(kept[0].x) == [4]
    lines = [shape for shape in figure.layout.shapes if shape.xref == "x2"]
    assert [line.x0 for line in lines] == [4.5]  # from epoch 5 on the rate is lower
    assert named(figure, "learning rate lowered")


def test_one_stage_is_drawn_by_itself(run):
    figure = figures.stage_curves(run.history().query("stage == 'stage1'"), TITLES)
    assert {trace.xaxis for trace in figure.data if trace.x[0] is not None} == {"x", "x2"}


def test_all_stages_share_one_axis_of_epochs(run):
    figure = figures.all_stages_curves(run.history(), TITLES)
    losses = [t for t in named(figure, "validation") if t.yaxis in (None, "y") and t.x[0]]
    assert [list(t.x) for t in losses] == [
        list(range(1, 7)),
        list(range(7, 13)),
        list(range(13, 19)),
    ]
    unfrozen = {shape.x0 for shape in figure.layout.shapes if shape.type == "line"}
    assert unfrozen == {6.5, 12.5}


def test_no_axis_of_accuracy_reaches_beyond_what_there_can_be(run):
    history = run.history()
    one = history[history["stage"] == "baseline"]
    cases = [
        (figures.stage_curves(one), "yaxis2"),
        (figures.stage_curves(history), "yaxis4"),
        (figures.all_stages_curves(history), "yaxis2"),
    ]
    for figure, axis in cases:
        assert figure.layout[axis].autorangeoptions.maxallowed == pytest.approx(1.004)
        assert figure.layout.yaxis.autorangeoptions.maxallowed is None, "losses have no end"


def test_curves_of_a_run_that_has_only_begun():
    one = history("baseline", epochs=1, best=1)
    assert named(figures.stage_curves(one), "training")[0].mode == "lines+markers"
    for draw in (figures.stage_curves, figures.all_stages_curves):
        nothing = draw(one.iloc[:0])
        assert not nothing.data
        assert nothing.layout.annotations[0].text
