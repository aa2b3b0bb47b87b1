"""The Explain page: a file in, an answer with its map or the reason why there is none."""

import gc
import hashlib
import html
import json
import weakref
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from explained import SESSION, blank, desk_alone, drop, explainable, nifti, png, shown, slices_of
from pages import Pages, texts
from streamlit.runtime.caching.cache_resource_api import clear_session_cache
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from core.evaluation.precedents import in_words
from core.model.weights import file_sha256
from core.prediction import Predictor
from core.readings.log import Log
from core.training.runs import Run
from core.training.workspace import Workspace
from dashboard import state
from dashboard.components import answer, chances, pictures, words
from dashboard.tray import from_run

SAMPLE = "test/000.png"


@pytest.fixture
def run(workspace: Workspace, stamp_model: Path) -> Run:
    """One finished stage with a real network, and the scans of its split."""
    return explainable(workspace, stamp_model)


def test_without_a_trained_stage_it_says_what_to_do(pages: Pages):
    page = pages.open("explain")
    assert "gets an answer" in texts(page)
    assert "Train a stage" in [button.label for button in page.button]


def test_empty_desk_offers_test_scans_of_both_classes(pages: Pages, run: Run):
    page = pages.open("explain")
    split = run.split().set_index("file")
    assert set(split.loc[samples(page), "label"]) == set(run.classes)
    assert set(split.loc[samples(page), "split"]) == {"test"}
    assert "It never trained on them." in texts(page)


def test_empty_desk_offers_no_scan_that_the_run_has_met(pages: Pages, run: Run):
    page = pages.open("explain")
    before = samples(page)
    view = run.split().query("file == @SAMPLE").assign(view=1, split="train")
    run.write_split(pd.concat([run.split(), view]))
    page.run()
    assert set(before) - set(samples(page)) == {SAMPLE}
    assert "It never trained on them." not in texts(page)  # its split leaks


def test_sample_gets_the_answer_that_the_network_gives(pages: Pages, run: Run):
    page = pages.open("explain")
    next(b for b in page.button if b.label.replace("\\", "") == SAMPLE).click().run()
    expected = Predictor(run, "baseline").predict(
        (Path(run.config.data.root) / SAMPLE).read_bytes(), SAMPLE
    )
    assert f"<strong>{expected.label}</strong>" in shown(page)
    for probability in expected.probability.values():
        assert html.escape(words.chance(probability)) in shown(page)
    assert page.query_params[state.SCAN] == link(run, SAMPLE)


@pytest.mark.usefixtures("run")
def test_dropped_files_are_listed_and_answered_and_written_nowhere(pages: Pages, tmp_path, caplog):
    before = set(tmp_path.rglob("*"))
    page = pages.open("explain")
    drop(
        page,
        ("anna-smith.png", png(1)),
        ("blank.png", blank()),
        ("notes.txt", b"no picture at all"),
    )
    listed = page.dataframe[0].value
    assert listed["file"].tolist() == ["anna-smith.png", "blank.png", "notes.txt"]
    assert 0 < listed["answer"].iloc[0] < 1
    assert listed["answer"].tolist()[1:] == [
        chances.WITHOUT["refused"],
        chances.WITHOUT["unreadable"],
    ]
    assert [written for _, written in sorted(zip(listed["answer"], "abc", strict=True))] == [*"cba"]
    assert "calls anna-smith.png" in shown(page)
    # What is typical of the run's own scans is kept, of those dropped nothing.
    written = set(tmp_path.rglob("*")) - before
    assert {path.name for path in written} <= {"gate.npz"}
    assert "anna-smith" not in caplog.text


def test_answer_is_shown_with_its_precedents(pages: Pages, run: Run):
    page = drop(pages.open("explain"), ("one.png", png(1)))
    answer = Predictor(run, "baseline").predict(png(1), "one.png")
    said = html.unescape(shown(page)).replace("\xa0", " ")
    assert in_words(answer.precedents, answer.label) in said


@pytest.mark.parametrize(
    ("name", "data", "verdict"),
    [
        ("blank.png", blank, "Not answered"),
        ("notes.txt", lambda: b"no picture at all", "Not readable"),
    ],
)
def test_reason_is_given_where_there_is_no_answer(pages: Pages, run: Run, name, data, verdict):
    page = drop(pages.open("explain"), (name, data()))
    reason = Predictor(run, "baseline").predict(data(), name).reason
    assert verdict in shown(page)
    assert reason[1:] in shown(page).replace("&#x27;", "'")
    assert page.slider(key=state.OPACITY).disabled


def test_opacity_does_not_ask_the_network_again_and_the_method_does(
    pages: Pages, run: Run, monkeypatch
):
    asked = []
    original = Predictor.predict

    def counted(*args, **kwargs):
        asked.append(kwargs)
        return original(*args, **kwargs)

    monkeypatch.setattr(Predictor, "predict", counted)
    page = drop(pages.open("explain"), ("one.png", png(1)))
    once = len(asked)
    page.slider(key=state.OPACITY).set_value(20).run()
    page.toggle(key=state.OUTLINE).set_value(True).run()
    assert len(asked) == once == 1
    page.selectbox(key=state.METHOD).set_value("layer-cam").run()
    assert len(asked) == once + 1
    page.button_group(key=state.TARGET).set_value(run.classes[0]).run()
    assert asked[-1]["target"] == 0


def test_volume_opens_in_the_middle_and_its_slices_are_asked_one_by_one(
    pages: Pages, run: Run, tmp_path
):
    page = drop(pages.open("explain"), ("volume.nii.gz", nifti(tmp_path)))
    slices = slices_of(page)
    assert (slices.min, slices.max, slices.value) == (1, 5, 3)
    slices.set_value(1).run()
    assert "Slice 1 of 5" in [slider.label for slider in page.slider]
    ask = Predictor(run, "baseline").predict
    refused = ask(nifti(tmp_path), "volume.nii.gz", 0)
    assert refused.status == "refused"  # unlike the run's scans
    assert str(refused.reason)[1:] in html.unescape(shown(page))
    next(b for b in page.button if b.label == "Answer anyway").click().run()
    expected = ask(nifti(tmp_path), "volume.nii.gz", 0, override=True)
    assert f"<strong>{expected.label}</strong>" in shown(page)


@pytest.mark.usefixtures("run")
def test_files_to_keep_are_made_once(pages: Pages, monkeypatch: pytest.MonkeyPatch):
    made = []
    for kind in ("png", "tiff"):
        make = getattr(pictures, kind)
        counted = partial(lambda make, kind, pixels: made.append(kind) or make(pixels), make, kind)
        monkeypatch.setattr(pictures, kind, counted)
    page = drop(pages.open("explain"), ("one.png", png(1)))
    page.run()
    assert sorted(made) == ["png", "tiff"]
    for opacity in (20, 60):
        page.slider(key=state.OPACITY).set_value(opacity).run()
    assert sorted(made) == ["png", "png", "tiff"]


@pytest.mark.usefixtures("run")
def test_the_middle_slice_is_asked_about_once(
    pages: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked, original = [], Predictor.predict

    def counted(*args, **kwargs):
        asked.append(kwargs["selection"].slice)
        return original(*args, **kwargs)

    monkeypatch.setattr(Predictor, "predict", counted)
    page = drop(pages.open("explain"), ("volume.nii.gz", nifti(tmp_path)))
    page.toggle(key=state.OUTLINE).set_value(True).run()
    for number in (1, 3):
        slices_of(page).set_value(number).run()
    assert asked == [None, 0]


def test_the_list_says_what_the_desk_says(pages: Pages, run: Run, tmp_path: Path):
    page = drop(pages.open("explain"), ("volume.nii.gz", nifti(tmp_path)), ("one.png", png(1)))
    with desk_alone(page):
        slices_of(page).set_value(1).run()
    listed = page.dataframe[0]
    assert listed.value["answer"].iloc[0] == chances.WITHOUT["refused"]
    with desk_alone(page):
        press(page, "Answer anyway")
    expected = Predictor(run, "baseline").predict(nifti(tmp_path), "", 0, override=True)
    probability = pytest.approx(expected.probability[run.positive], abs=1e-5)
    for row in (1, 0):  # also after another scan was looked at
        assert page.dataframe[0].value["answer"].iloc[0] == probability
        page.session_state["worklist-1"] = {"selection": {"rows": [row]}}
        page.run()
    assert slices_of(page).value == 1


@pytest.mark.usefixtures("run")
def test_the_desk_can_be_cleared(pages: Pages):
    page = drop(pages.open("explain"), ("one.png", png(1)))
    next(b for b in page.button if b.label == "Clear the desk").click().run()
    assert not page.dataframe
    assert "No scan at hand?" in texts(page)


def test_address_opens_a_scan_of_the_run(pages: Pages, run: Run):
    page = explain(pages, link(run, SAMPLE))
    assert [name for table in page.dataframe for name in table.value["file"]] == [SAMPLE]


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("asked", ["", "0", "../../workspace/runs/made/config.json"])
def test_address_opens_no_other_file(pages: Pages, asked: str):
    assert not explain(pages, asked).dataframe


def test_a_link_to_a_scan_opens_it_and_puts_no_name_of_a_file_into_the_address(
    pages: Pages, run: Run
):
    page = pages.open("compare")
    (listed,) = [button for button in page.button if button.label == "Explain this scan"]
    listed.click().run()
    name = page.dataframe[0].value["file"].iloc[0]
    assert f"calls {name}" in shown(page)
    assert page.query_params[state.SCAN] == link(run, name)
    assert not [value for value in page.query_params.values() if Path(name).name in str(value)]


@pytest.mark.usefixtures("run")
def test_nothing_of_a_scan_outlives_the_desk(pages: Pages, monkeypatch: pytest.MonkeyPatch):
    stores, answers = [], []
    add, predict = MemoryUploadedFileManager.add_file, Predictor.predict

    def added(store, *arguments):
        stores.append(store)
        add(store, *arguments)

    def predicted(*arguments, **options):
        answer = predict(*arguments, **options)
        answers.append(weakref.ref(answer))
        return answer

    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", added)
    monkeypatch.setattr(Predictor, "predict", predicted)
    page = drop(pages.open("explain"), ("one.png", png(1)), ("two.png", png(2)))
    assert stores
    assert not any(store.file_storage[SESSION] for store in stores)
    assert all(answer() for answer in answers)
    pages.until(lambda page: "Heat outside the head" in shown(page))
    press(page, "Clear the desk")
    gc.collect()
    assert not any(answer() for answer in answers)


def test_a_scan_that_was_cleared_away_can_be_opened_again(pages: Pages, run: Run):
    page = explain(pages, link(run, SAMPLE))
    press(page, "Clear the desk")
    assert state.SCAN not in page.query_params
    explain(pages, link(run, SAMPLE))
    assert f"calls {SAMPLE}" in shown(page)


def test_of_two_files_alike_each_is_called_by_its_own_name(run: Run):
    twin, *_ = sorted(set(run.split().query("split == 'test'")["file"]) - {SAMPLE})
    root = Path(run.config.data.root)
    (root / twin).write_bytes((root / SAMPLE).read_bytes())
    split = run.split()
    split.loc[split["file"] == twin, "sha256"] = file_sha256(root / twin)
    run.write_split(split)
    page = AppTest.from_function(_name, args=(run, (SAMPLE, twin)), default_timeout=60).run()
    assert not page.exception
    assert [caption.value for caption in page.caption] == [SAMPLE, twin]


def test_a_desk_that_was_lost_is_laid_again_as_the_address_says(pages: Pages, run: Run):
    page = explain(pages, link(run, SAMPLE))
    clear_session_cache(SESSION)  # as when the browser was gone for a moment
    page.run()
    assert f"calls {SAMPLE}" in shown(page)


def test_empty_map_is_called_what_it_is():
    page = AppTest.from_function(_empty_map).run()
    assert "No positive evidence" in shown(page)


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


@pytest.mark.parametrize("name", ["brain_005.dcm", "MR_truncated.dcm", "example4d.nii.gz"])
def test_real_files_get_an_answer_or_a_reason(pages: Pages, run: Run, shared: Path, name: str):
    data = (shared / "formats" / name).read_bytes()
    page = drop(pages.open("explain"), (name, data))
    expected = Predictor(run, "baseline").predict(data, name)
    assert not page.error
    assert (expected.label or expected.reason)[1:] in shown(page).replace("&#x27;", "'")


def test_a_call_is_stored_with_the_prediction_and_nothing_else_of_the_scan(
    pages: Pages, run: Run, workspace: Workspace
):
    page = drop(pages.open("explain"), ("anna-smith.png", png(1)))
    assert "No names, dates, numbers" in texts(page)
    note(page).set_value("bright rim")
    press(page, "Disagree")
    (reading,) = Log(workspace.readings).contents().readings
    assert (reading.call, reading.note) == ("disagree", "bright rim")
    assert reading.scan_sha256 == hashlib.sha256(png(1)).hexdigest()
    assert reading.model_sha256 == run.metrics("baseline")["model_sha256"]
    assert reading.label in run.classes
    assert "anna" not in Log(workspace.readings).path.read_text()
    assert "Called **disagree**" in texts(page)
    assert note(page).value == ""
    press(page, "Agree")
    assert "Called **agree**" in texts(page)
    assert len(Log(workspace.readings).contents().readings) == 2


@pytest.mark.usefixtures("run")
def test_what_has_no_answer_cannot_be_called(pages: Pages):
    page = drop(pages.open("explain"), ("blank.png", blank()))
    assert "Agree" not in [button.label for button in page.button]


@pytest.mark.usefixtures("run")
def test_a_broken_log_is_said_and_no_call_is_added(pages: Pages, workspace: Workspace):
    page = press(drop(pages.open("explain"), ("one.png", png(1))), "Agree")
    log = Log(workspace.readings)
    log.path.write_text(log.path.read_text().replace('"agree"', '"unsure"'))
    page = press(page, "Disagree")
    assert "line 1 was changed" in texts(page)
    assert len(log.path.read_text().splitlines()) == 1


def samples(page: AppTest) -> list[str]:
    """The scans that are offered on an empty desk."""
    return [b.label.replace("\\", "") for b in page.button if ".png" in b.label]


def link(run: Run, file: str) -> str | None:
    """What stands for a scan of the run in an address."""
    item = from_run(run, file)
    return item and item.link


def explain(pages: Pages, link: str | None) -> AppTest:
    """Follow a link to a scan of the run."""
    pages.test.query_params[state.SCAN] = link
    page = pages.open("explain")
    assert not page.exception
    return page


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def note(page: AppTest):
    return next(field for field in page.text_input if field.label == "Note")


def _name(run, files) -> None:  # annotations would be looked up inside the page
    import streamlit as st

    from core.imaging.reading import Selection
    from dashboard import desk
    from dashboard.tray import Question, from_run

    for file in files:
        question = Question(from_run(run, file), Selection(), False)
        st.caption(desk.prediction(run, "baseline", question).file)


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
