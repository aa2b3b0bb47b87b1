"""The Data page: from a path to classes, crops and a split."""

from pathlib import Path

import pytest
from pages import Pages, draw_scans, texts
from streamlit.testing.v1 import AppTest

from dashboard import state


def opened(pages: Pages, folder: Path, tab: str | None = None) -> AppTest:
    """The page with a folder chosen and read."""
    pages.test.session_state[state.FOLDER] = str(folder)
    pages.open("data")
    page = pages.until(lambda page: page.tabs or page.error or page.info)
    if tab:
        page.session_state[state.DATA_TAB] = tab
        page.run()
        pages.until(lambda page: not page.get("progress"))
    return page


def chosen(page: AppTest, key: str) -> str:
    """The key of a choice about the folder in use."""
    return state.of(key, page.session_state[state.FOLDER])


def test_without_a_folder_the_page_says_what_will_appear(pages: Pages):
    page = pages.open("data")
    assert "No scans yet" in texts(page)


def test_counts_the_inferred_positive_class_and_what_was_not_read(pages: Pages, scans: Path):
    page = opened(pages, scans)
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["yes (positive)"] == "12"
    assert shown["no"] == "12"
    assert shown["Not read"] == "1"


def test_near_copies_are_counted_once_they_have_been_looked_for(pages: Pages, scans: Path):
    (scans / "yes" / "again.png").write_bytes((scans / "yes" / "3.png").read_bytes())
    opened(pages, scans)

    def counted(page: AppTest) -> str:
        return next(m.value for m in page.metric if m.label == "With a near copy")

    pages.until(lambda page: counted(page) != "…")
    assert counted(pages.test) == "2"


def test_the_reason_for_an_unreadable_file_is_in_a_table(pages: Pages, scans: Path):
    page = opened(pages, scans, "Not read")
    table = page.dataframe[0].value
    assert table["File"].tolist() == ["no/broken.png"]
    assert table.iloc[0, 1]


def test_a_file_that_was_mended_in_its_place_is_read_when_it_is_asked_for(
    pages: Pages, scans: Path
):
    page = opened(pages, scans, "Near copies")
    assert "No two scans" in texts(page)
    (scans / "no" / "broken.png").write_bytes((scans / "no" / "3.png").read_bytes())
    page.button(key="read-again").click().run()
    pages.until(lambda page: page.metric and not page.get("progress"))
    shown = {metric.label: metric.value for metric in page.metric}
    assert (shown["no"], shown["Not read"]) == ("13", "0")
    pages.until(lambda page: "**2 scans**" in texts(page))


def test_a_home_that_nobody_has_is_a_folder_that_is_not_there(pages: Pages):
    page = opened(pages, Path("~nobody-of-this-name/scans"))
    assert "no such file" in page.error[0].value
    page = pages.open("home")
    assert not page.error
    assert page.button


def test_the_gallery_shows_every_scan_of_a_page(pages: Pages, scans: Path):
    page = opened(pages, scans)
    assert len(page.get("image")) == 24


def test_the_positive_class_can_be_turned_round(pages: Pages, scans: Path):
    page = opened(pages, scans)
    page.button_group(key=chosen(page, state.POSITIVE)).set_value("no").run()
    assert "no (positive)" in [metric.label for metric in page.metric]


def test_what_is_said_of_a_folder_holds_for_it_alone(pages: Pages, scans: Path, tmp_path: Path):
    other = draw_scans(tmp_path / "other", ("no", "yes"))
    page = opened(pages, scans)
    page = page.toggle(key=chosen(page, state.CROPPED)).set_value(True).run()
    page = page.button_group(key=chosen(page, state.POSITIVE)).set_value("no").run()
    page = page.text_input(key=chosen(page, state.PATIENT_PATTERN)).set_value(r"(\d)").run()
    pages.open("home")
    page = opened(pages, other)
    assert not page.toggle(key=chosen(page, state.CROPPED)).value
    assert page.text_input(key=chosen(page, state.PATIENT_PATTERN)).value == ""
    assert "yes (positive)" in [metric.label for metric in page.metric]
    pages.open("home")
    page = opened(pages, scans)
    assert page.toggle(key=chosen(page, state.CROPPED)).value
    assert page.text_input(key=chosen(page, state.PATIENT_PATTERN)).value == r"(\d)"
    assert "no (positive)" in [metric.label for metric in page.metric]


def test_the_positive_class_is_asked_for_where_names_do_not_tell(pages: Pages, tmp_path: Path):
    page = opened(pages, draw_scans(tmp_path / "ab", ("a", "b")))
    assert "do not tell" in page.info[0].value
    page.button_group(key=chosen(page, state.POSITIVE)).set_value("b").run()
    assert page.metric[0].label == "b (positive)"


def test_leak_free_keeps_copies_out_of_test_and_report_does_not(pages: Pages, scans: Path):
    page = opened(pages, scans, "Split")
    assert "No picture has a near copy" in page.success[0].value
    table = page.dataframe[0].value.set_index("Part")
    assert table["yes, scans"].sum() == 12
    page.button_group(key=state.PROTOCOL).set_value("report").run()
    warnings = [warning.value for warning in page.warning]
    assert any("Optimistic" in text for text in warnings)
    assert any("have a near copy in training" in text for text in warnings)


def test_what_the_split_of_a_folder_leaks_is_in_sight(pages: Pages, leaky: Path):
    page = opened(pages, leaky, "Split")
    assert "**2 of 4 test pictures have a near copy in training.**" in page.warning[0].value
    page = opened(pages, leaky, "Near copies")
    assert "50.0 % of the test scans have a copy in training" in page.warning[0].value
    kinds = page.button_group(key="copies-kind")
    assert kinds.options == [
        "2 in all",
        "2 with the same pixels",
        "0 in both classes",
        "2 across parts",
    ]
    assert texts(page).count("in test and train") == 2
    page = kinds.set_value("in both classes").run()
    assert "There is no such group." in texts(page)


def test_patients_feed_the_planned_split_and_what_is_wrong_is_said(
    pages: Pages, leaky: Path, tmp_path: Path
):
    page = opened(pages, leaky, "Split")
    page = page.text_input(key=chosen(page, state.PATIENT_PATTERN)).set_value(r"p(\d)").run()
    assert "24 scans of 10 patients" in texts(page)
    assert "2 of 4 test pictures have a near copy or another scan" not in texts(page)
    assert "4 of 4 test pictures" in page.warning[0].value
    page = page.text_input(key=chosen(page, state.PATIENT_PATTERN)).set_value("p(").run()
    assert "'p(' is none" in page.error[0].value
    assert not page.exception
    table = tmp_path / "patients.csv"
    table.write_text("file,patient\ntest/no/p10_test.png,A\ntrain/no/p1_train.png,A\n")
    page.text_input(key=chosen(page, state.PATIENT_TABLE)).set_value(str(table)).run()
    assert "Both were given" in page.error[0].value
    page.text_input(key=chosen(page, state.PATIENT_TABLE)).set_value(str(table / "below")).run()
    page = page.text_input(key=chosen(page, state.PATIENT_PATTERN)).set_value("").run()
    assert "cannot be opened" in page.error[0].value
    page = page.text_input(key=chosen(page, state.PATIENT_TABLE)).set_value(str(table)).run()
    assert "2 scans of 1 patient" in texts(page)
    assert "3 of 4 test pictures" in page.warning[0].value


def test_copies_are_shown_side_by_side_and_contradictions_marked(pages: Pages, scans: Path):
    copy = (scans / "yes" / "3.png").read_bytes()
    (scans / "no" / "same.png").write_bytes(copy)
    page = opened(pages, scans, "Near copies")
    assert "**2 scans**" in texts(page)
    assert "One of these labels must be wrong." in texts(page)
    captions = [str(image.proto) for image in page.get("image")]
    assert any("no/same.png" in text for text in captions)
    assert any("yes/3.png" in text for text in captions)


def test_a_folder_that_is_no_data_set_is_explained(pages: Pages, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    page = opened(pages, tmp_path / "empty")
    assert "sub-folder" in page.error[0].value
    assert not page.exception


def test_the_folder_is_taken_up_again_in_a_new_session(pages: Pages, scans: Path):
    opened(pages, scans)
    later = Pages()
    assert later.open("data").selectbox(key=state.FOLDER).value == str(scans)


def test_the_browser_goes_down_and_up(pages: Pages, scans: Path):
    pages.test.session_state[state.FOLDER] = str(scans)
    page = pages.open("data")
    page.button(key="browse").click().run()
    page.button(key=f"folder-{scans / 'no'}").click().run()
    assert page.session_state[state.BROWSED] == str(scans / "no")
    page.button(key="browse").click().run()
    page.button(key="up").click().run()
    assert page.session_state[state.BROWSED] == str(scans.parent)


def test_the_browser_starts_at_home_and_hands_over_what_it_shows(
    pages: Pages, scans: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "home", lambda: scans)
    page = pages.open("data")
    page.button(key="browse").click().run()
    page.button(key="use-folder").click().run()
    assert page.selectbox(key=state.FOLDER).value == str(scans)
