"""What surrounds every page."""

import json
import subprocess
import sys

import pytest
from made_run import make_run
from pages import APP, Pages, texts
from streamlit.testing.v1 import AppTest

from core.protocols import LEAKFREE
from core.training.run_library import annotate
from core.training.runs import Run, RunWeights
from core.training.workspace import Workspace
from dashboard import state

VIEWS = ("home", "data", "train", "compare", "crossval", "explain")


@pytest.mark.parametrize("view", VIEWS)
def test_every_page_opens_without_data_and_says_once_what_it_is_not_for(pages: Pages, view: str):
    page = pages.open(view)
    assert not page.exception
    assert not page.error
    assert page.title
    assert texts(page).count("Not for diagnosis") == 1


@pytest.mark.parametrize("view", VIEWS)
def test_every_page_opens_with_a_finished_run(workspace: Workspace, view: str):
    make_run(workspace.path, [0.5, 1, 2, 2, 3])
    page = Pages().open(view)
    assert not page.exception
    assert not page.error


@pytest.mark.parametrize("view", ["train", "compare", "explain"])
def test_random_weights_are_said_on_every_page_about_the_run(workspace: Workspace, view: str):
    run = make_run(workspace.path, [0.5, 1])
    weights = RunWeights(source="random", sha256=None)
    run.write_config(run.config.model_copy(update={"weights": weights}))
    page = Pages().open(view)
    assert any("random values" in warning.value for warning in page.warning)


def test_the_run_in_the_address_is_the_run_in_use(workspace: Workspace):
    make_run(workspace.path, [0.5])
    workspace.create(LEAKFREE, make_run(workspace.path / "other", [1]).config.data, name="newer")
    page = AppTest.from_file(str(APP), default_timeout=60)
    page.query_params["run"] = "made"
    page.run().switch_page("views/train.py").run()
    assert page.selectbox(key="run").value == "made"


@pytest.fixture
def two(workspace: Workspace) -> tuple[Run, Run]:
    """The runs "made" and "newer", which is listed first."""
    made = make_run(workspace.path, [0.5])
    return made, workspace.create(LEAKFREE, made.config.data, name="newer")


def test_runs_that_are_shown_alike_are_told_apart(pages: Pages, two: tuple[Run, Run]):
    for run in two:
        annotate(run, title="Tonight")
    page = pages.open("train")
    picker = page.selectbox(key=state.RUN)
    assert picker.options == ["Tonight (newer)", "Tonight (made)"]
    picker.select("Tonight (made)").run()
    assert page.selectbox(key=state.RUN).value == "made"


def test_a_run_that_is_shown_by_the_name_of_another_is_told_apart(
    pages: Pages, two: tuple[Run, Run]
):
    annotate(two[1], title="made")
    assert pages.open("train").selectbox(key=state.RUN).options == ["made (newer)", "made"]


def test_a_link_opens_its_run_whichever_is_in_use_and_however_it_is_shown(
    pages: Pages, two: tuple[Run, Run]
):
    page = pages.open("compare")
    assert page.selectbox(key=state.RUN).value == "newer"
    annotate(two[0], title="Tonight")
    page.query_params[state.OPEN] = "made"
    page = pages.open("train")
    assert page.selectbox(key=state.RUN).value == "made"
    assert state.OPEN not in page.query_params
    page.selectbox(key=state.RUN).select("newer").run()
    assert page.selectbox(key=state.RUN).value == "newer"


def test_the_mark_beside_the_picker_is_that_of_the_run_in_the_address(two: tuple[Run, Run]):
    leaky, _ = two
    leaky.write_split(leaky.split().assign(group="one"))
    annotate(leaky, title="Tonight")
    page = AppTest.from_file(str(APP), default_timeout=60)
    page.query_params[state.RUN] = "Tonight"
    page.run().switch_page("views/train.py").run()
    assert page.selectbox(key=state.RUN).value == "made"
    assert "leaky" in texts(page)


def test_a_folder_that_cannot_be_reached_is_one_that_is_not_there(
    pages: Pages, workspace: Workspace
):
    # Stands for a share that is cut off: the system answers with an error, as it does there.
    workspace.path.mkdir(exist_ok=True)
    out_of_reach = "/" + 300 * "x"
    (workspace.path / "recent.json").write_text(json.dumps([out_of_reach]))
    page = pages.open("data")
    assert not page.exception
    assert not page.error
    assert page.selectbox(key=state.FOLDER).options == []


def test_a_known_error_is_told_in_plain_words():
    def script():
        from core.errors import SettingError
        from dashboard.components import shell

        with shell.problems():
            raise SettingError("a number", "'x' was given", "Give a number.")

    page = AppTest.from_function(script).run()
    assert "was given" in page.error[0].value
    assert "Give a number" in page.error[0].value


def test_an_unknown_error_shows_no_trace():
    def script():
        from dashboard.components import shell

        with shell.problems():
            raise KeyError("secret.png")

    page = AppTest.from_function(script).run()
    assert not page.exception
    assert "did not foresee" in page.error[0].value
    assert "secret" not in page.error[0].value


def test_what_goes_wrong_in_a_callback_is_told_by_the_page():
    def script():
        import streamlit as st

        from core.errors import RunError
        from dashboard.components import shell

        def deed(name: str) -> None:
            raise RunError("a run at work", f"'{name}' is not", "There is no need.")

        with shell.frame():
            st.button("Do it", key="do-it", on_click=shell.act, args=[deed, "first"])

    page = AppTest.from_function(script).run()
    page.button(key="do-it").click().run()
    assert "first" in page.error[0].value
    assert not page.run().error


def test_the_first_page_waits_for_nothing_that_it_does_without(workspace: Workspace):
    make_run(workspace.path, [0.5])
    program = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        f"page = AppTest.from_file({str(APP)!r}, default_timeout=60).run()\n"
        "assert not page.error and page.dataframe\n"
        "slow = {'sklearn', 'statsmodels', 'scipy', 'pydicom', 'nibabel'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=APP.parents[1])


def test_the_pages_load_without_tensorflow():
    views = ", ".join(f"'{view}'" for view in VIEWS)
    program = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        f"page = AppTest.from_file({str(APP)!r}, default_timeout=60).run()\n"
        f"for view in ({views}):\n"
        "    page.switch_page(f'views/{view}.py').run()\n"
        "    assert not page.error, (view, page.error[0].value)\n"
        "assert not {'tensorflow', 'keras', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=APP.parents[1])
