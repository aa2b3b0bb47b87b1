"""What is shown of an answer: its precedents, its map's scale, facts and the result to keep."""

import html
import json
from pathlib import Path

import pytest
from explained import drop, explainable, png, shown
from pages import Pages, texts
from streamlit.testing.v1 import AppTest

from core.evaluation.precedents import in_words
from core.model.weights import file_sha256
from core.prediction import Predictor
from core.training.runs import Run
from core.training.workspace import Workspace
from dashboard.components import answer


@pytest.fixture
def run(workspace: Workspace, stamp_model: Path) -> Run:
    """One finished stage with a real network, and the scans of its split."""
    return explainable(workspace, stamp_model)


def test_answer_is_shown_with_its_precedents(pages: Pages, run: Run):
    page = drop(pages.open("explain"), ("one.png", png(1)))
    answer = Predictor(run, "baseline").predict(png(1), "one.png")
    said = html.unescape(shown(page)).replace("\xa0", " ")
    assert in_words(answer.precedents, answer.label) in said


def test_empty_map_is_called_what_it_is():
    page = AppTest.from_function(_empty_map).run()
    assert "No positive evidence" in shown(page)


def test_the_end_of_the_colours_is_the_hottest_value_on_the_scan():
    page = shown(AppTest.from_function(_warm_map).run())
    assert "raw maximum 0.5</small>" in page
    assert "<span>0</span><span>0.456</span>" in page


def test_a_name_in_the_facts_of_a_file_is_no_markdown(run: Run):
    prediction = Predictor(run, "baseline").predict(png(1), "*a*_[b](c).png")
    facts = answer._facts(prediction, prediction.scan)
    assert facts["File"] == r"\*a\*\_\[b\](c).png"
    assert facts["Format"] == "png"


def test_result_file_says_what_was_asked_and_answered(run: Run):
    prediction = Predictor(run, "baseline").predict(png(1), "one.png", explain=True)
    record = json.loads(answer.record(run, prediction, "grad-cam"))
    assert record["model_sha256"] == file_sha256(run.model_path("baseline"))
    result = record["results"][0]
    assert result["probability"] == pytest.approx(dict(prediction.probability))
    assert result["method"] == "grad-cam"
    assert "Not for diagnosis" in record["notice"]
    assert record["mark"] is None


def test_answers_of_a_run_whose_split_leaks_carry_its_mark(pages: Pages, run: Run):
    run.write_split(run.split().assign(group="one"))
    page = drop(pages.open("explain"), ("one.png", png(1)))
    assert "Leaky: 100 % of the validation and test pictures" in texts(page)
    prediction = Predictor(run, "baseline").predict(png(1), "one.png")
    assert json.loads(answer.record(run, prediction, "grad-cam"))["mark"] in texts(page)


def _empty_map() -> None:
    import numpy as np

    from core.prediction import Prediction
    from dashboard.components import answer

    prediction = Prediction(
        "one.png",
        "ok",
        "baseline",
        "",
        map=np.zeros((4, 4), np.float32),
        map_maximum=0.0,
        target="tumour",
    )
    answer._scale(prediction)


def _warm_map() -> None:
    import numpy as np

    from core.prediction import Prediction
    from dashboard.components import answer

    map = np.full((4, 4), 0.456, np.float32)
    answer._scale(
        Prediction("one.png", "ok", "baseline", "", map=map, map_maximum=0.5, target="tumour")
    )
