"""Where the user is, and the one obvious thing to do next."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

from core.data.demo import COUNT
from core.training.demonstration import start_demonstration
from core.training.run_library import about
from core.training.runs import Run, RunStatus
from dashboard import resources, state
from dashboard.components import folders, reading, training_line
from dashboard.components.words import duration, plain

Place = Literal["nothing", "data", "training", "models"]
DEMONSTRATION = "demonstration"
"""Key of the task that makes it; its protocol has the same name, shortened."""


@dataclass(frozen=True)
class Situation:
    """How far somebody has come.

    Attributes:
        place: No data yet, data but no model, training under way, or models ready.
        at_work: The run that trains, with its status.
        latest: The newest run with a finished stage that is not archived.
        demonstrated: Whether the demonstration has been tried.
    """

    place: Place
    at_work: tuple[Run, RunStatus] | None
    latest: Run | None
    demonstrated: bool


def situation(runs: list[Run], folder: Path | None) -> Situation:
    """Judge by the runs, newest first, and the folder in use."""
    at_work = training_line.at_work(runs)
    latest = next((run for run in runs if run.finished_stages() and not about(run).archived), None)
    place: Place
    if at_work:
        place = "training"
    elif latest:
        place = "models"
    else:
        place = "data" if folder else "nothing"
    return Situation(place, at_work, latest, any(r.protocol.name == "demo" for r in runs))


def show(now: Situation, folder: Path | None) -> None:
    """One sentence, one paragraph, one main button."""
    _wait_for_demonstration(folder)
    with st.container(border=True, key="next-step"):
        if now.place == "training" and now.at_work:
            _training(reached(*now.at_work))
        elif now.place == "models" and now.latest:
            st.subheader("Your model is ready", anchor=False)
            st.write(
                f"Run **{plain(now.latest.name)}**: {_stages(now.latest)}. Drop a scan, or see "
                "what each stage was worth."
            )
            _ways(
                ("views/explain.py", "Explain a scan"),
                ("views/compare.py", "Compare stages"),
                run=now.latest,
            )
        elif now.place == "data" and folder:
            st.subheader("Train a first model", anchor=False)
            st.write(f"The scans in **{plain(folder.name)}** are chosen. Nothing is trained yet.")
            _ways(("views/train.py", "Set up training"), ("views/data.py", "Look at the scans"))
        else:
            st.subheader("Choose your scans", anchor=False)
            st.write(
                "A folder of brain MRI slices, sorted into two sub-folders such as yes and no. "
                "They are read where they are and never leave this computer."
            )
            _ways(("views/data.py", "Choose a folder"))
    if not now.demonstrated and now.latest is None:
        _demonstration()
    _pages(now, folder)


def _wait_for_demonstration(folder: Path | None) -> None:
    """Follow it while it is prepared; only a session that asked for it turns to it then."""
    task = resources.tasks().find(DEMONSTRATION)
    asked = state.get(state.DEMONSTRATION) is not None
    if task is None or (task.finished and not asked):
        return
    try:
        run = reading.wait_for(task, "Preparing the demonstration")
    finally:
        if task.finished:
            state.put(state.DEMONSTRATION, None)
    if asked:
        state.put(state.RUN, run.name)
        if folder is None:
            scans = Path(run.config.data.root)
            folders.remember(scans)
            state.put(state.FOLDER, str(scans))
    st.rerun()


@st.fragment(run_every=2.0)
def _training(drawn: str) -> None:
    """Follow what trains; when it has got further than the page says, draw that again too."""
    at_work = training_line.at_work(resources.workspace().runs())
    if at_work is None or reached(*at_work) != drawn:
        st.rerun()
        return
    run, status = at_work
    st.subheader(f"Run {plain(run.name)} is training", anchor=False)
    left = status.run_seconds_left
    st.progress(
        training_line.progress(run, status),
        text=training_line.headline(run, status)
        + (f", at most {duration(left)} left" if left is not None else ""),
    )
    _ways(("views/train.py", "Watch"), run=run)


def reached(run: Run, status: RunStatus) -> str:
    """How far a run at work is, as the list of runs has it."""
    return f"{run.name}: {training_line.state_of(status)}, {len(run.finished_stages())}"


def _ways(*ways: tuple[str, str], run: Run | None = None) -> None:
    """The main button, and perhaps another; both lead to the run, if they are about one."""
    with st.container(horizontal=True):
        for number, (page, label) in enumerate(ways):
            if st.button(label, type="secondary" if number else "primary", key=f"go-{page}"):
                if run is not None:
                    state.put(state.RUN, run.name)
                st.switch_page(page)


def _pages(now: Situation, folder: Path | None) -> None:
    """The four pages in the order in which they are used, with those done ticked off."""
    trained = now.latest is not None
    chosen = trained or folder
    pages = [
        (
            "data",
            "Data",
            "Choose scans, see what the crop keeps and how they are split.",
            chosen,
        ),
        ("train", "Train", "Fine-tune VGG19 in five stages, on this computer.", trained),
        ("compare", "Compare", "See what each stage was worth, and which one to keep.", False),
        ("explain", "Explain", "Drop a scan, get an answer and what in it spoke for that.", False),
    ]
    for column, (view, title, words, done) in zip(st.columns(4), pages, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall", key=f"page-{view}"):
            icon = ":material/check_circle:" if done else None
            st.page_link(f"views/{view}.py", label=f"**{title}**", icon=icon)
            st.caption(words)


def _demonstration() -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="demonstration"):
        st.button("Try the demonstration", key="try-demonstration", on_click=_start_demonstration)
        st.caption(
            f"No scans at hand? This makes {COUNT} simulated ones from a brain template, and "
            "trains all five stages on them in a few minutes."
        )


def _start_demonstration() -> None:
    workspace, tasks = resources.workspace(), resources.tasks()
    if (former := tasks.find(DEMONSTRATION)) is not None and former.finished:
        tasks.forget(DEMONSTRATION)
    state.put(state.DEMONSTRATION, "yes")
    tasks.start(DEMONSTRATION, lambda report: start_demonstration(workspace, progress=report))


def _stages(run: Run) -> str:
    finished, total = len(run.finished_stages()), len(run.protocol.stages)
    return f"{'all' if finished == total else f'{finished} of {total}'} stages are trained"
