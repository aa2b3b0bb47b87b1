"""What every page has around it: style, notice, page head with run picker, plain errors."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from core.errors import NeuroStageError, RunError, without_words
from core.training.run_library import in_order, shown_name
from core.training.runs import Run
from dashboard import resources, state
from dashboard.components import endings, folders, quitting, tab, training_line
from dashboard.components.words import plain

ASSETS = Path(__file__).resolve().parents[2] / "assets"
NOTICE = "Research use only. Not for diagnosis. Scans and models stay on this computer."
ABOUT = (
    "**NeuroStage** fine-tunes VGG19 on brain MRI slices in five stages, shows what each stage "
    "was worth, and explains its predictions. Research use only, not for diagnosis."
)

UNFORESEEN = (
    "**This page met an error that NeuroStage did not foresee.** Nothing is lost: training goes "
    "on and runs are kept. Reload the page. If it happens again, the terminal in which NeuroStage "
    "was started has the details for a report; where there is none, quit NeuroStage and start it "
    "in one, with `python -m dashboard`."
)


@contextmanager
def frame() -> Iterator[None]:
    """Style and notice around a page, and its known errors in plain words."""
    state.come_back()
    st.html(ASSETS / "dashboard.css")
    st.logo(ASSETS / "icon.svg", size="large")
    with st.container(key="notice"):
        st.caption(NOTICE)
        quitting.show()
        with problems():
            endings.show()
    tab.show()
    with problems():
        folders.restore()
    tell()
    with problems():
        yield


@contextmanager
def problems() -> Iterator[None]:
    """Show what goes wrong inside in plain words; a traceback goes to the terminal alone.

    Fragments run without the frame around them and need this of their own.
    """
    try:
        yield
    except NeuroStageError as error:
        problem(error)
    except Exception as error:
        logging.getLogger("neurostage").error("A page failed: %s", without_words(error))
        st.error(UNFORESEEN, icon=":material/error:")


def problem(error: NeuroStageError) -> None:
    """One error in plain words."""
    st.error(_in_words(error), icon=":material/error:")


def act(deed: Callable[..., object], *arguments: object) -> None:
    """Do something in a widget's callback; what goes wrong is told by the page that follows."""
    try:
        deed(*arguments)
    except NeuroStageError as error:
        state.put(state.PROBLEM, _in_words(error))
    except Exception as error:
        logging.getLogger("neurostage").error("A callback failed: %s", without_words(error))
        state.put(state.PROBLEM, UNFORESEEN)


def tell() -> None:
    """What went wrong in a callback, once.

    The frame tells of it; a fragment, which its own controls rerun without the frame, does so
    itself.
    """
    if told := state.get(state.PROBLEM):
        state.put(state.PROBLEM, None)
        st.error(told, icon=":material/error:")


def header(
    title: str, subtitle: str = "", *, pick_run: bool = True, watch: bool = True
) -> Run | None:
    """Title of the page at the left, the run in use at the right, what trains between them.

    Args:
        title: One word or two.
        subtitle: One sentence on what the page is for.
        pick_run: Whether the page is about a run.
        watch: Whether to show the training that is under way.

    Returns:
        The run in use; none when there is none yet or the page has no picker.
    """
    if state.get(state.PAGE) != title:
        state.put(state.PAGE, title)
        state.carry(state.RUN, state.STAGE)
    left, middle, right = st.columns([2.2, 1.4, 1.2], gap="medium")
    with left, st.container(key="page-head"):
        st.title(title, anchor=False)
        st.caption(subtitle)
    if watch:
        with middle:
            training_line.show()
    if not pick_run:
        return None
    with right:
        run = run_picker()
    if run is not None:
        weights_banner(run)
    return run


def run_picker() -> Run | None:
    """Choose among the runs, pinned ones first; the choice is part of the page's address."""
    runs = {run.name: run for run in in_order(resources.workspace().runs())}
    if not runs:
        return None
    names = list(runs)
    asked = st.query_params.pop(state.OPEN, None)
    if state.get(state.RUN) not in runs:  # an address may have the name instead of the label
        asked = asked or st.query_params.get(state.RUN)
    if asked in runs:
        state.put(state.RUN, asked)
    with st.container(horizontal=True, vertical_alignment="center", key="run-picker"):
        mark = st.empty()
        st.caption("Run", width="content")
        name = st.selectbox(
            "Run",
            names,
            format_func=_labels(runs).__getitem__,
            key=state.RUN,
            bind="query-params",
            label_visibility="collapsed",
        )
        if leaky := _mark(runs[name]):
            mark.badge("leaky", icon=":material/warning:", color="orange", help=leaky)
    return runs[name]


def _labels(runs: Mapping[str, Run]) -> dict[str, str]:
    """What each run is called in a list: as it is shown, or where that is not clear, by both names.

    No two are alike: the browser and the address tell options apart by their labels alone.
    """
    shown = {name: shown_name(run) for name, run in runs.items()}
    both = {name: f"{title} ({name})" for name, title in shown.items()}
    claims = Counter(text for name in runs for text in {name, shown[name], both[name]})
    return {
        name: title if title == name or claims[title] == 1 else both[name]
        for name, title in shown.items()
    }


def _mark(run: Run) -> str | None:
    """None as well of a damaged run, so that another one can be chosen."""
    try:
        return resources.mark(run)
    except RunError:
        return None


def weights_banner(run: Run) -> None:
    """Say that a run did not start from ImageNet, for as long as it is in use."""
    try:
        weights = run.config.weights
    except RunError:  # which what is shown of it will say; not all of a page is about the run
        return
    if weights is not None and weights.source == "random":
        st.warning(
            "This run started from random values, because no ImageNet weights could be had. "
            "Read its figures as those of an untaught network.",
            icon=":material/casino:",
        )


def empty(what: str, how: str, page: str, label: str) -> None:
    """An empty page: what will appear here, how to get there, and one button that leads on.

    Args:
        what: "Here you will see …"
        how: What has to be done first.
        page: The view that does it, such as "views/train.py".
        label: Of the button.
    """
    with st.container(border=True, key="empty", horizontal_alignment="left"):
        st.subheader(what, anchor=False)
        st.write(how)
        if st.button(label, type="primary"):
            st.switch_page(page)


def _in_words(error: NeuroStageError) -> str:
    received, expected, remedy = map(plain, (error.received, error.expected, error.remedy))
    return f"**{_sentence(received)}** Expected was {expected}.  \n{remedy}"


def _sentence(clause: str) -> str:
    return clause[:1].upper() + clause[1:] + ("" if clause.endswith((".", "!", "?")) else ".")
