"""The Explain page: a file in, an answer with its map or the reason why there is none."""

import html
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from explained import (
    SAMPLE,
    blank,
    desk_alone,
    drop,
    explainable,
    link,
    nifti,
    png,
    press,
    shown,
    slices_of,
)
from pages import Pages, texts
from streamlit.testing.v1 import AppTest

from core.prediction import Predictor
from core.training.runs import Run
from core.training.workspace import Workspace
from dashboard import state
from dashboard.components import chances, pictures, words


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


def test_a_scan_that_is_gone_holds_up_none_of_the_others(pages: Pages, run: Run):
    page = pages.open("explain")
    file = Path(run.config.data.root) / SAMPLE
    away = file.rename(file.with_suffix(".away"))
    next(b for b in page.button if b.label.replace("\\", "") == SAMPLE).click().run()
    drop(page, ("one.png", png(1)))
    listed = page.dataframe[0].value.set_index("file")["answer"]
    assert listed[SAMPLE] == chances.WITHOUT["unreadable"]
    assert 0 <= listed["one.png"] <= 1
    assert not page.error
    away.rename(file)
    listed = page.run().dataframe[0].value.set_index("file")["answer"]
    assert 0 <= listed[SAMPLE] <= 1


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


def test_what_is_said_of_a_window_is_true_where_a_file_has_none(
    pages: Pages, run: Run, tmp_path: Path
):
    data = nifti(tmp_path)
    centre, width = Predictor(run, "baseline").predict(data, "a").scan.window
    page = drop(pages.open("explain"), ("volume.nii.gz", data))
    assert f"As shown: centre {centre:.4g}, width {width:.4g}." in texts(page)
    assert "As the file says" not in texts(page)


@pytest.mark.parametrize("name", ["brain_005.dcm", "MR_truncated.dcm", "example4d.nii.gz"])
def test_real_files_get_an_answer_or_a_reason(pages: Pages, run: Run, shared: Path, name: str):
    data = (shared / "formats" / name).read_bytes()
    page = drop(pages.open("explain"), (name, data))
    expected = Predictor(run, "baseline").predict(data, name)
    assert not page.error
    assert (expected.label or expected.reason)[1:] in shown(page).replace("&#x27;", "'")


@pytest.mark.usefixtures("run")
def test_what_goes_wrong_in_a_callback_of_the_desk_is_told_once_also_without_an_answer(
    pages: Pages,
):
    page = drop(pages.open("explain"), ("blank.png", blank()))
    page.session_state[state.PROBLEM] = "The disk is full."
    with desk_alone(page):
        page.run()
        assert [error.value for error in page.error] == ["The disk is full."]
        page.run()
        assert not page.error


def test_the_recommended_stage_is_said_and_is_no_part_of_the_choice(pages: Pages, run: Run):
    title = run.protocol.stage("baseline").title
    page = pages.open("explain")
    assert page.selectbox(key=state.STAGE).options == [title]
    assert f"{title} is recommended." in texts(page)


def samples(page: AppTest) -> list[str]:
    """The scans that are offered on an empty desk."""
    return [b.label.replace("\\", "") for b in page.button if ".png" in b.label]
