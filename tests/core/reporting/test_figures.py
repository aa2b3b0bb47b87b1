"""Figures say what the numbers say; how they look was judged by eye."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from browsing import chromium
from made_run import NEGATIVE, POSITIVE, add_baselines, history, make_run, pictures
from plotly.offline import get_plotlyjs

from core.evaluation.calibration import reliability
from core.evaluation.changes import changes
from core.evaluation.comparison import compare
from core.evaluation.precision_recall import precision_recall_curve
from core.evaluation.roc import roc_curve
from core.reporting import figures
from core.reporting.figures import STAGE_COLOURS
from core.reporting.figures.style import PALETTES

TITLES = {"baseline": "Baseline", "stage1": "Stage 1"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("workspace"), (0.4, 1.3, 1.2))


@pytest.fixture(scope="module")
def comparison(run):
    return compare(run)


@pytest.fixture(scope="module")
def against(tmp_path_factory):
    """The same stages beside two baselines."""
    run = make_run(tmp_path_factory.mktemp("workspace"), (0.4, 1.3, 1.2))
    return compare(add_baselines(run, {"majority": 0, "features": 0.9}))


SLICES = pd.DataFrame(
    {
        "slice": [1, 2, 3, 4],
        "probability": [0.2, np.nan, 0.9, 0.6],
        "reason": [None, "no head", None, "too dark"],
    }
)


@pytest.fixture(scope="module")
def all_figures(run, comparison, against):
    """Every figure, dark and light."""
    test = {stage: run.predictions(stage).query("split == 'test'") for stage in TITLES}
    moved = changes(test["baseline"], test["stage1"], POSITIVE)
    curves = {stage: roc_curve(rows, POSITIVE) for stage, rows in test.items()}
    precisions = {stage: precision_recall_curve(rows, POSITIVE) for stage, rows in test.items()}
    bins = {stage: reliability(rows, POSITIVE) for stage, rows in test.items()}
    return {
        (name, look): draw(look)
        for look in ("dark", "light")
        for name, draw in {
            "confusion": lambda look: figures.confusion_matrices(comparison, look=look),
            "stages": lambda look: figures.stage_curves(run.history(), TITLES, look=look),
            "all": lambda look: figures.all_stages_curves(run.history(), TITLES, look=look),
            "generalisation": lambda look: figures.validation_against_test(comparison, look=look),
            "gap": lambda look: figures.overfitting_gap(comparison, look=look),
            "changes": lambda look: figures.changes_matrix(
                moved, "Baseline", "Stage 1", (NEGATIVE, POSITIVE), look=look
            ),
            "roc": lambda look: figures.roc_curves(curves, comparison, look=look),
            "baselines": lambda look: figures.validation_against_test(against, look=look),
            "precision": lambda look: figures.precision_recall_curves(
                precisions, comparison, look=look
            ),
            "reliability": lambda look: figures.reliability_diagram(bins, TITLES, look=look),
            "slices": lambda look: figures.slice_strip(SLICES, "stage1", POSITIVE, look=look),
        }.items()
    }


def _named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_every_figure_is_transparent_and_follows_the_look(all_figures):
    for (name, look), figure in all_figures.items():
        layout = json.loads(figure.to_json())["layout"]
        assert layout["paper_bgcolor"] == "rgba(0,0,0,0)", name
        assert layout["font"]["color"] == PALETTES[look].text, name
        other = "light" if look == "dark" else "dark"
        drawn = figure.to_json()
        for colour in (PALETTES[other].muted, *STAGE_COLOURS[other].values()):
            assert colour not in drawn, name


def test_figures_of_a_leaky_run_carry_its_mark(run, comparison, all_figures):
    mark = "Leaky: 50.0 % of the test pictures have a copy in training; these numbers measure it."
    leaky = comparison.model_copy(update={"mark": mark})
    test = run.predictions("baseline").query("split == 'test'")
    bins, moved = {"baseline": reliability(test, POSITIVE)}, changes(test, test, POSITIVE)
    for figure in (
        figures.confusion_matrices(leaky),
        figures.validation_against_test(leaky),
        figures.overfitting_gap(leaky),
        figures.roc_curves({"baseline": roc_curve(test, POSITIVE)}, leaky),
        figures.precision_recall_curves(
            {"baseline": precision_recall_curve(test, POSITIVE)}, leaky
        ),
        figures.stage_curves(run.history(), mark=mark),
        figures.all_stages_curves(run.history(), mark=mark),
        figures.reliability_diagram(bins, mark=mark),
        figures.changes_matrix(moved, "a", "b", (NEGATIVE, POSITIVE), mark=mark),
        figures.slice_strip(SLICES, "baseline", POSITIVE, mark=mark),
    ):
        assert figure.layout.title.text.replace("<br>", " ") == mark
        assert figure.layout.margin.b > 60
    assert not any("Leaky" in figure.to_json() for figure in all_figures.values())


def test_no_figure_offers_to_leave_the_machine(all_figures):
    for figure in all_figures.values():
        assert "sendChartToCloud" in figure.layout.modebar.remove
    assert figures.CONFIG["showSendToCloud"] is False
    assert figures.CONFIG["plotlyServerURL"] == ""


def _matrices(figure):
    """What is filled, matrix by matrix: a column of nothing lies between two."""
    filled = np.asarray(figure.data[0].z)
    assert np.isnan(filled[:, 2::3]).all()
    return [filled[:, left : left + 2] for left in range(0, filled.shape[1], 3)]


def test_confusion_matrices_show_the_counts(comparison):
    figure = figures.confusion_matrices(comparison, "validation")
    filled, cells = figure.data
    edges = np.asarray(filled.x)
    points = list(zip(cells.x, cells.y, cells.text, cells.customdata, strict=True))
    assert len(points) == 4 * len(comparison.stages)
    for number, (stage, matrix) in enumerate(
        zip(comparison.stages, _matrices(figure), strict=True)
    ):
        expected = np.array(stage.validation.confusion)
        np.testing.assert_array_equal(matrix, expected)
        left, middle, right = edges[3 * number : 3 * number + 3]
        for x, y, text, (name, outcome) in points[4 * number : 4 * number + 4]:
            called = 0 if left < x < middle else 1
            assert called == 0 or middle < x < right
            assert f">{expected[y][called]}<" in text
            assert name == stage.name
            assert outcome == [["tn", "fp"], ["fn", "tp"]][y][called]


def test_confusion_matrices_in_per_cent_of_each_row(comparison):
    figure = figures.confusion_matrices(comparison, percent=True)
    for matrix in _matrices(figure):
        np.testing.assert_allclose(matrix.sum(axis=1), [100, 100])
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, 100)


@pytest.mark.parametrize("outcome", ["tn", "fp", "fn", "tp"])
def test_the_chosen_cell_is_framed(comparison, outcome):
    figure = figures.confusion_matrices(comparison, chosen=("stage1", outcome))
    (frame,) = figure.layout.shapes
    _, cells = figure.data
    within = [
        tuple(cell)
        for x, y, cell in zip(cells.x, cells.y, cells.customdata, strict=True)
        if frame.x0 < x < frame.x1 and frame.y0 < y < frame.y1
    ]
    assert within == [("stage1", outcome)]
    assert not figures.confusion_matrices(comparison).layout.shapes


def test_stage_curves_draw_history(run):
    figure = figures.stage_curves(run.history(), TITLES)
    rows = run.history().query("stage == 'stage1'")
    losses = [t for t in _named(figure, "validation") if t.xaxis == "x2"]
    np.testing.assert_allclose(losses[0].y, rows["validation_loss"])
    kept = [t for t in _named(figure, "validation, kept") if t.xaxis == "x2"]
    assert list(kept[0].x) == [4]
    lines = [shape for shape in figure.layout.shapes if shape.xref == "x2"]
    assert [line.x0 for line in lines] == [4.5]  # from epoch 5 on the rate is lower
    assert _named(figure, "learning rate lowered")


def test_one_stage_is_drawn_by_itself(run):
    figure = figures.stage_curves(run.history().query("stage == 'stage1'"), TITLES)
    assert {trace.xaxis for trace in figure.data if trace.x[0] is not None} == {"x", "x2"}


def test_all_stages_share_one_axis_of_epochs(run):
    figure = figures.all_stages_curves(run.history(), TITLES)
    losses = [t for t in _named(figure, "validation") if t.yaxis in (None, "y") and t.x[0]]
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
    assert _named(figures.stage_curves(one), "training")[0].mode == "lines+markers"
    for draw in (figures.stage_curves, figures.all_stages_curves):
        nothing = draw(one.iloc[:0])
        assert not nothing.data
        assert nothing.layout.annotations[0].text


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
            _named(figure, f"{part}, simple baseline"), ("accuracy", "loss"), strict=True
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


def test_precision_recall_names_each_average_with_its_interval(run, comparison):
    rows = run.predictions("stage1").query("split == 'test'")
    curves = {"stage1": precision_recall_curve(rows, POSITIVE)}
    figure = figures.precision_recall_curves(curves, comparison)
    test = comparison.stage("stage1").test
    low, high = test.intervals["average_precision"]
    assert _named(figure, f"Stage 1: {test.average_precision:.3f} ({low:.2f}–{high:.2f})")
    assert figure.data[0].y[0] == pytest.approx((rows["label"] == POSITIVE).mean())
    assert "both classes" in figures.precision_recall_curves({}, comparison).to_json()


def test_roc_marks_the_operating_point(run, comparison):
    rows = run.predictions("stage1").query("split == 'test'")
    point = comparison.stage("stage1").operating_point.test
    curves = {"stage1": roc_curve(rows, POSITIVE)}
    figure = figures.roc_curves(curves, comparison, operating={"stage1": point})
    (mark,) = _named(figure, "Stage 1, operating point")
    assert (mark.x[0], mark.y[0]) == (pytest.approx(1 - point.specificity), point.sensitivity)


def test_slices_without_an_answer_stand_apart_and_break_the_line():
    figure = figures.slice_strip(SLICES, "stage1", POSITIVE, current=3)
    (line,) = _named(figure, "answered")
    np.testing.assert_array_equal(line.y, SLICES["probability"])
    assert line.connectgaps is None
    (silent,) = _named(figure, "no answer")
    assert (list(silent.x), list(silent.text)) == ([2], ["no head"])
    assert max(silent.y) < 0
    (demanded,) = _named(figure, "answered on demand")
    assert (list(demanded.x), list(demanded.y)) == ([4], [0.6])
    lines = [shape for shape in figure.layout.shapes if shape.x0 == shape.x1]
    assert [shape.x0 for shape in lines] == [3]


def test_slices_that_all_got_an_answer_need_no_legend():
    answered = SLICES.assign(probability=0.5, reason=None)
    assert not figures.slice_strip(answered, "stage1", POSITIVE).layout.showlegend


def test_changes_matrix_counts_who_moved():
    table = pd.DataFrame(
        {
            "outcome_first": ["fn", "fn", "tp", "tn", "tn"],
            "outcome_second": ["tp", "tp", "fn", "tn", "fp"],
        }
    )
    figure = figures.changes_matrix(table, "A", "B", ("no", "yes"))
    text = dict(zip([c[0] for c in figure.data[1].customdata], figure.data[1].text, strict=True))
    assert "+1" in text["tp"]
    assert "2 in, 1 out" in text["tp"]
    assert "−1" in text["fn"]
    assert "0 in, 1 out" in text["tn"]
    # Fewer misses and more hits are both better; a new false alarm is worse.
    np.testing.assert_array_equal(figure.data[0].z, [[-1, -1], [1, 1]])


def test_changes_matrix_of_no_change_at_all():
    table = pd.DataFrame({"outcome_first": ["tp"], "outcome_second": ["tp"]})
    figure = figures.changes_matrix(table, "A", "B", ("no", "yes"))
    np.testing.assert_array_equal(figure.data[0].z, np.zeros((2, 2)))
    assert figure.data[0].zmax == 1


def test_roc_names_each_auc_with_its_interval(run, comparison):
    rows = run.predictions("stage1").query("split == 'test'")
    figure = figures.roc_curves({"stage1": roc_curve(rows, POSITIVE)}, comparison)
    test = comparison.stage("stage1").test
    low, high = test.intervals["auc"]
    assert _named(figure, f"Stage 1: {test.auc:.3f} ({low:.2f}–{high:.2f})")
    half = figure.data[-1]
    assert (half.x[0], half.y[0]) == (pytest.approx(1 - test.specificity), test.sensitivity)


def test_figures_of_nothing_say_so(comparison, tmp_path):
    assert "both classes" in figures.roc_curves({}, comparison).layout.annotations[0].text
    assert figures.reliability_diagram({}).layout.annotations[0].text
    bare = compare(make_run(tmp_path, (1,), pictures({"train": 12})))
    for draw in (
        figures.confusion_matrices,
        figures.validation_against_test,
        figures.overfitting_gap,
    ):
        json.loads(draw(bare).to_json())


DRAW = """async ([figure, width]) => {
  const place = document.createElement('div')
  place.style.width = width + 'px'
  document.body.replaceChildren(place)
  await Plotly.newPlot(place, figure.data, figure.layout)
  const {_size: given, margin: asked} = place._fullLayout
  const observer = new MutationObserver(() => {})
  observer.observe(place, {subtree: true, childList: true, attributes: true})
  const copy = JSON.parse(JSON.stringify(figure))
  await Plotly.react(place, copy.data, copy.layout)
  return {asked, given, changes: observer.takeRecords().length}
}"""


def test_no_figure_is_drawn_twice(all_figures):
    """Neither where axes or a legend want more room, nor when a page hands over a copy."""
    with chromium() as browser:
        page = browser.new_page()
        page.set_content("<body></body>")
        page.add_script_tag(content=get_plotlyjs())
        for (name, look), figure in all_figures.items():
            if look == "dark":
                drawn = page.evaluate(DRAW, [json.loads(figure.to_json()), 1100])
                for side in "lrtb":
                    assert drawn["given"][side] == pytest.approx(drawn["asked"][side]), (name, side)
                assert drawn["changes"] == 0, name


def test_an_unknown_stage_keeps_its_colour():
    assert figures.stage_colour("stage1") == STAGE_COLOURS["dark"]["stage1"]
    assert figures.stage_colour("stage1", "light") == STAGE_COLOURS["light"]["stage1"]
    assert figures.stage_colour("warm_up") == figures.stage_colour("warm_up")


# Machado, Oliveira & Fernandes (2009), severity 1.
SIMULATIONS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def _linear(colour):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _lab(linear):
    xyz = XYZ @ np.clip(linear, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("look", STAGE_COLOURS)
@pytest.mark.parametrize("vision", SIMULATIONS)
def test_stage_colours_differ_for_every_eye(vision, look):
    seen = [_lab(SIMULATIONS[vision] @ _linear(c)) for c in STAGE_COLOURS[look].values()]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 19


def test_figures_need_neither_streamlit_nor_tensorflow():
    code = (
        "import sys, core.reporting.figures, core.evaluation.comparison; "
        "sys.exit(any(m in sys.modules for m in ('streamlit', 'tensorflow', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
