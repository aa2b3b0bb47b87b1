"""What holds of every figure; how they look was judged by eye."""

import json
import subprocess
import sys

import pytest
from browsing import chromium
from made_figures import SLICES, TITLES
from made_run import NEGATIVE, POSITIVE, make_run, pictures
from plotly.offline import get_plotlyjs

from core.evaluation.calibration import reliability
from core.evaluation.changes import changes
from core.evaluation.comparison import compare
from core.evaluation.precision_recall import precision_recall_curve
from core.evaluation.roc import roc_curve
from core.reporting import figures
from core.reporting.figures import STAGE_COLOURS
from core.reporting.figures.style import PALETTES


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


def test_figures_need_neither_streamlit_nor_tensorflow():
    code = (
        "import sys, core.reporting.figures, core.evaluation.comparison; "
        "sys.exit(any(m in sys.modules for m in ('streamlit', 'tensorflow', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
