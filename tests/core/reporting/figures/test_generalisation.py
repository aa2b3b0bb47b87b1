"""Validation against test, with intervals, marks and baselines."""

import pytest
from made_figures import named

from core.reporting import figures


def test_intervals_are_drawn_to_their_ends(comparison):
    figure = figures.validation_against_test(comparison)
    for trace in figure.data:
        measure = "accuracy" if trace.xaxis == "x" else "loss"
        for i, stage in enumerate(comparison.stages):
            low, high = getattr(stage, trace.name).intervals[measure]
            assert trace.y[i] + trace.error_y.array[i] == pytest.approx(high)
            assert trace.y[i] - trace.error_y.arrayminus[i] == pytest.approx(low)


def test_a_worse_stage_and_the_one_to_keep_are_marked(comparison):
    worse = [i for i, stage in enumerate(comparison.stages) if stage.worse]
    assert worse, "the made-up run has a worse stage"
    figure = figures.validation_against_test(comparison)
    labels = figure.layout.xaxis.ticktext
    assert [i for i, label in enumerate(labels) if "worse" in label] == worse
    kept = [stage.name for stage in comparison.stages].index(comparison.keep.stage)
    notes = [note for note in figure.layout.annotations if note.text == "keep"]
    assert {note.x for note in notes} == {kept}


def test_baselines_stand_beside_the_stages_with_the_line_to_clear(against):
    figure = figures.validation_against_test(against)
    labels = list(figure.layout.xaxis.ticktext)
    assert labels[3:] == ["Majority<br>class", "Frozen<br>features"]
    for part in ("validation", "test"):
        for trace, measure in zip(
            named(figure, f"{part}, simple baseline"), ("accuracy", "loss"), strict=True
        ):
            results = [getattr(baseline, part) for baseline in against.baselines]
            assert list(trace.y) == [getattr(result, measure) for result in results]
            assert [round(x) for x in trace.x] == [3, 4]
            for i, result in enumerate(results):
                low, high = result.intervals[measure]
                assert trace.y[i] + trace.error_y.array[i] == pytest.approx(high)
                assert trace.y[i] - trace.error_y.arrayminus[i] == pytest.approx(low)
    lines = [s for s in figure.layout.shapes if s.line.dash == "dot"]
    tests = [baseline.test for baseline in against.baselines]
    assert [line.y0 for line in lines] == [
        max(test.accuracy for test in tests),
        min(test.loss for test in tests),
    ]
