"""What is kept of the scans on a desk, how an address names them, and what clearing forgets."""

import gc
import weakref
from pathlib import Path

import pytest
from explained import SAMPLE, SESSION, drop, explain, explainable, link, png, press, shown
from pages import Pages
from streamlit.runtime.caching.cache_resource_api import clear_session_cache
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from core.model.weights import file_sha256
from core.prediction import Predictor
from core.training.runs import Run
from core.training.workspace import Workspace
from dashboard import state


@pytest.fixture
def run(workspace: Workspace, stamp_model: Path) -> Run:
    """One finished stage with a real network, and the scans of its split."""
    return explainable(workspace, stamp_model)


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


def _name(run, files) -> None:  # annotations would be looked up inside the page
    import streamlit as st

    from core.imaging.reading import Selection
    from dashboard import desk
    from dashboard.tray import Question, from_run

    for file in files:
        question = Question(from_run(run, file), Selection(), False)
        st.caption(desk.prediction(run, "baseline", question).file)
