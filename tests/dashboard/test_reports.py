"""Reports and slices on the Explain page: made in the background, kept as bytes."""

import csv
import io
import threading
from pathlib import Path

import pytest
from explained import SESSION, blank, desk_alone, drop, explainable, nifti, png, press, slices_of
from pages import Pages, texts
from streamlit.runtime.caching.cache_resource_api import clear_session_cache
from streamlit.testing.v1 import AppTest

from core.explanation.methods import DEFAULT
from core.imaging.reading import Selection
from core.prediction import Predictor
from core.training.runs import Run
from core.training.workspace import Workspace
from dashboard import desk, reports, state
from dashboard.components import chances
from dashboard.reports import Manner
from dashboard.tasks import Cancelled, Tasks
from dashboard.tray import Item, Question, from_run

PLAIN = Manner("grad-cam")


@pytest.fixture
def run(workspace: Workspace, stamp_model: Path) -> Run:
    return explainable(workspace, stamp_model)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that is asked for by no page: tasks are kept here, not with a session."""
    kept = Tasks()
    monkeypatch.setattr(desk, "reports", lambda: kept)


def question(name: str, data: bytes, *, override: bool = False) -> Question:
    return Question(Item(name, name, lambda: data), Selection(), override)


def finished(task):
    assert task.wait(120)
    return task.result()


def rows(made) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.files["csv"].decode("utf-8-sig"), newline="")))


def opened(page: AppTest, key: str) -> AppTest:
    """Unfold what is under this key."""
    page.session_state[key] = True
    return page.run()


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def offered(page: AppTest) -> list[str]:
    """What can be downloaded, by the names on the buttons."""
    return [button.proto.label for button in page.get("download_button")]


@pytest.mark.usefixtures("outside")
def test_report_of_the_desk_answers_as_the_network_does_and_says_what_got_none(run: Run):
    files = {"one.png": png(1), "blank.png": blank(), "notes.txt": b"none"}
    asked = [question(name, data) for name, data in files.items()]
    made = finished(reports.of_desk(run, "baseline", asked, Manner("layer-cam", target=1)))
    predictor = Predictor(run, "baseline")
    answers = [predictor.predict(data, name) for name, data in files.items()]
    assert (made.scans, made.silent) == (3, 2)
    for row, answer in zip(rows(made), answers, strict=True):
        assert (row["file"], row["status"]) == (answer.file, answer.status)
        assert row["label"] == (answer.label or "")
    first, *_ = rows(made)
    assert float(first["probability"]) == pytest.approx(
        answers[0].probability[run.positive], abs=1e-5
    )
    assert (first["method"], first["explained"], first["evidence"]) == (
        "layer-cam",
        run.positive,
        "",
    )
    assert made.files["pdf"].startswith(b"%PDF-")
    assert b"<h1><bdi>Report on 3 scans" in made.files["html"]


@pytest.mark.usefixtures("outside")
def test_report_of_the_desk_takes_slice_window_override_and_point_as_asked(
    run: Run, tmp_path: Path
):
    volume = Item("v", "volume.nii.gz", lambda: nifti(tmp_path))
    asked = [Question(volume, Selection(4), True)]
    made = finished(reports.of_desk(run, "baseline", asked, Manner("grad-cam", None, True, 0.9)))
    (row,) = rows(made)
    assert (row["slice"], row["status"], row["overridden"]) == ("4", "ok", "true")
    assert row["evidence"] in ("reliable", "unreliable", "empty")
    assert row["operating_sensitivity"] == "0.9"


@pytest.mark.usefixtures("outside")
def test_same_report_is_made_once_and_another_one_anew(run: Run):
    asked = [question("one.png", png(1)), question("two.png", png(2))]
    once = reports.of_desk(run, "baseline", asked, PLAIN)
    assert reports.of_desk(run, "baseline", asked, PLAIN) is once
    assert reports.of_desk(run, "baseline", asked, Manner("layer-cam")) is not once
    other = [question("one.png", png(1)), question("two.png", png(2), override=True)]
    assert reports.of_desk(run, "baseline", other, PLAIN) is not once


@pytest.mark.usefixtures("outside")
def test_scan_that_has_gone_is_a_row_of_the_report(run: Run):
    file = Path(run.config.data.root) / "test" / "000.png"
    item = from_run(run, "test/000.png")
    file.unlink()
    made = finished(reports.of_desk(run, "baseline", [Question(item, Selection(), False)], PLAIN))
    (row,) = rows(made)
    assert row["status"] == "unreadable"
    assert row["reason"]


@pytest.mark.usefixtures("outside")
def test_every_slice_is_scored_as_the_network_answers_it(run: Run, tmp_path: Path):
    data = nifti(tmp_path)
    for override in (False, True):
        found = finished(
            reports.scores(run, "baseline", question("v.nii.gz", data, override=override))
        )
        answers = list(
            Predictor(run, "baseline").predict_slices(data, "v.nii.gz", override=override)
        )
        assert [score.slice for score in found] == list(range(5))
        for score, answer in zip(found, answers, strict=True):
            assert (score.status, score.reason) == (answer.status, answer.reason)
            assert score.probability == (answer.probability or {}).get(run.positive)
            assert score.thumbnail.startswith("data:image/jpeg;base64,")
    made = finished(
        reports.of_slices(run, "baseline", question("v.nii.gz", data, override=True), PLAIN)
    )
    assert [row["slice"] for row in rows(made)] == ["0", "1", "2", "3", "4"]
    assert made.files["html"].count(b'alt="The scan with the map over it"') == 5


@pytest.mark.usefixtures("run")
def test_page_offers_the_report_of_the_scan_in_view(pages: Pages):
    page = drop(pages.open("explain"), ("one.png", png(1)))
    assert "PDF" not in offered(page)
    opened(page, state.REPORT)
    pages.until(lambda page: {"PDF", "HTML"} <= set(offered(page)))
    assert "Made 20" in texts(page)
    assert state.BATCH not in page.session_state  # one scan is no batch


@pytest.mark.usefixtures("run")
def test_page_offers_a_report_of_what_got_no_answer(pages: Pages):
    page = drop(pages.open("explain"), ("blank.png", blank()))
    opened(page, state.REPORT)
    pages.until(lambda page: {"PDF", "HTML"} <= set(offered(page)))


@pytest.mark.usefixtures("run")
def test_page_writes_the_report_of_all_when_asked(pages: Pages):
    page = drop(pages.open("explain"), ("one.png", png(1)), ("blank.png", blank()))
    opened(page, state.BATCH)
    assert "Write it: 2 scans" in labels(page)
    assert offered(page).count("CSV") == 0
    press(page, "Write it")
    pages.until(lambda page: {"PDF", "HTML", "CSV"} <= set(offered(page)))
    assert "2 answers, 1 without an answer." in texts(page)
    page.toggle(key=state.CHECKED).set_value(False).run()
    assert "Write it: 2 scans" in labels(page)  # another report than the one that was made


@pytest.mark.usefixtures("run")
def test_the_report_of_all_follows_what_is_set_on_the_desk_alone(pages: Pages):
    page = drop(pages.open("explain"), ("one.png", png(1)), ("two.png", png(2)))
    page.session_state[state.CHECKED] = False
    opened(page, state.BATCH)
    press(page, "Write it")
    pages.until(lambda page: "CSV" in offered(page))
    with desk_alone(page):
        page.selectbox(key=state.METHOD).set_value("layer-cam").run()
        assert "CSV" not in offered(page)  # that one is of another method
        press(page, "Write it")
        pages.until(lambda page: "CSV" in offered(page))
        page.selectbox(key=state.METHOD).set_value(DEFAULT).run()
        assert "CSV" in offered(page)


@pytest.fixture
def slow_report(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, list[str]]:
    """A report that waits for the event before it tells how far it is; and how it ended."""
    go, ends = threading.Event(), []

    def slow(*arguments):
        go.wait(60)
        try:
            arguments[-1](1)  # tells how far it is
        except Cancelled:
            ends.append("cancelled")
            raise

    monkeypatch.setattr(reports, "_gathered", slow)
    return go, ends


@pytest.mark.usefixtures("run")
def test_a_report_that_was_begun_can_be_called_off(pages: Pages, slow_report):
    go, ends = slow_report
    page = drop(pages.open("explain"), ("one.png", png(1)), ("two.png", png(2)))
    opened(page, state.BATCH)
    press(page, "Write it")
    assert "Cancel" in labels(page)
    press(page, "Cancel")
    assert "Write it: 2 scans" in labels(page)
    assert "Cancel" not in labels(page)
    go.set()
    pages.until(lambda _: ends == ["cancelled"])
    assert not offered(page).count("CSV")


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("leave", ["Clear the desk", "close the page"])
def test_work_ends_with_the_desk_that_it_is_for(pages: Pages, slow_report, leave: str):
    go, ends = slow_report
    page = drop(pages.open("explain"), ("one.png", png(1)), ("two.png", png(2)))
    opened(page, state.BATCH)
    press(page, "Write it")
    if leave == "close the page":
        clear_session_cache(SESSION)
    else:
        press(page, leave)
    go.set()
    pages.until(lambda _: ends == ["cancelled"])


def test_a_row_of_the_slices_turns_to_it(pages: Pages, run: Run, tmp_path: Path):
    page = drop(pages.open("explain"), ("volume.nii.gz", nifti(tmp_path)))
    if "Answer anyway" in labels(page):
        press(page, "Answer anyway")
    opened(page, state.SLICES)
    press(page, "Score all 5 slices")
    pages.until(lambda page: "Report of all slices" in labels(page))
    table = page.dataframe[1].value
    assert sorted(table["slice"]) == [1, 2, 3, 4, 5]
    assert list(table["answer"]) == sorted(table["answer"], reverse=True)
    answers = Predictor(run, "baseline").predict_slices(
        nifti(tmp_path), "volume.nii.gz", override=True
    )
    expected = {answer.slice + 1: answer.probability[run.positive] for answer in answers}
    found = dict(zip(table["slice"], table["answer"], strict=True))
    assert found == pytest.approx(expected, abs=1e-5)
    for number in (3, 1, 5):  # the row of the slice in view is marked, however it came into view
        slices_of(page).set_value(number).run()
        (marked,) = page.session_state["slices-list"]["selection"]["rows"]
        assert table["slice"].iloc[marked] == number
    press(page, "Report of all slices")
    pages.until(lambda page: "CSV" in offered(page))
    assert "5 answers." in texts(page)


@pytest.mark.usefixtures("run")
def test_a_picture_has_no_slices_to_score(pages: Pages):
    page = drop(pages.open("explain"), ("one.png", png(1)))
    assert not [e for e in page.expander if e.label.startswith("Every slice")]


def test_chances_are_written_for_people_and_sorted_as_numbers():
    written = [chances._in_words(value) for value in (0.9996, 0.091, -1.0, -2.0, 0.0)]
    assert written == ["> 99.9 %", "9.1 %", "refused", "unreadable", "< 0.1 %"]
    assert chances.rank("refused", None) < chances.rank("ok", 0.0)
    assert chances.rank("unreadable", None) < chances.rank("refused", None)
    assert chances.rank("ok", 0.25) == 0.25
