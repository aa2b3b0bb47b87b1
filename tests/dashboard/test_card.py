"""The Model card page: the card on the page, and as files to keep."""

from made_run import make_run
from pages import Pages, texts

from core.reporting.card import body, card_of
from core.training.workspace import Workspace
from dashboard import state


def test_without_a_trained_stage_it_says_what_to_do(pages: Pages):
    page = pages.open("card")
    assert "a run describes itself" in texts(page)
    assert "Train a stage" in [button.label for button in page.button]


def test_card_of_the_run_in_use_is_shown_and_offered(pages: Pages, workspace: Workspace):
    run = make_run(workspace.path, [0.5])
    page = pages.open("card")
    assert not page.exception
    assert body(card_of(run)).strip() in [element.proto.body.strip() for element in page.html]
    offered = [button.proto.label for button in page.get("download_button")]
    assert offered == ["HTML", "Markdown", "JSON"]


def test_compare_leads_to_it(pages: Pages, workspace: Workspace):
    make_run(workspace.path, [0.5])
    pages.test.session_state[state.COMPARE_TAB] = "Numbers"
    page = pages.open("compare")
    assert "Model card of this run" in [link.proto.label for link in page.get("page_link")]
