"""What can be done with the runs that are chosen: open, name, pin, archive, delete."""

from collections.abc import Sequence

import streamlit as st

from core.errors import RunError
from core.training import run_library
from core.training.run_library import About
from core.training.runs import Run
from dashboard import resources, state
from dashboard.components import shell


def show(chosen: Sequence[Run]) -> None:
    """The buttons, or how to come by them."""
    if not chosen:
        st.caption("Select a run to open it, name it or delete it, and several to compare them.")
        return
    with st.container(horizontal=True, gap="small", key="run-actions"):
        if len(chosen) == 1:
            _open(chosen[0])
            _edit(chosen[0])
        said = [run_library.about(run) for run in chosen]
        pinned, archived = (all(getattr(s, f) for s in said) for f in ("pinned", "archived"))
        _button("Unpin" if pinned else "Pin", _say, chosen, {"pinned": not pinned})
        label = "Take out of the archive" if archived else "Archive"
        _button(label, _say, chosen, {"archived": not archived})
        _button("Delete", _delete, chosen)


def choose(names: Sequence[str]) -> None:
    """Write into the page's address which runs are chosen."""
    if names:
        st.query_params[state.CHOSEN] = ",".join(names)
    else:
        st.query_params.pop(state.CHOSEN, None)


def _open(run: Run) -> None:
    if st.button("Open", type="primary", key="open-run"):
        state.put(state.RUN, run.name)
        try:
            trained = bool(run.finished_stages())
        except RunError as error:
            shell.problem(error)
            return
        st.switch_page("views/compare.py" if trained else "views/train.py")


def _edit(run: Run) -> None:
    said, active = run_library.about(run), run.status.active
    with (
        st.popover("Name and note", key="edit-run"),
        st.form(f"{state.EDIT}-{run.name}", border=False),
    ):
        st.text_input(
            "Name",
            run.name,
            key=_key("name", run, said),
            disabled=active,
            max_chars=64,
            help="A run at work keeps its name."
            if active
            else "Of its folder, and in the shell: letters, digits, dots, dashes, underscores.",
        )
        st.text_input(
            "Shown as",
            said.title,
            key=_key("title", run, said),
            max_chars=run_library.LONGEST_TITLE,
            placeholder="Its name, unless you write something here",
        )
        st.text_area(
            "Note", said.note, key=_key("note", run, said), max_chars=run_library.LONGEST_NOTE
        )
        st.form_submit_button("Save", type="primary", on_click=shell.act, args=[_save, run, said])


def _key(field: str, run: Run, said: About) -> str:
    # What another tab has written since is other text to begin with.
    return state.of(f"{state.EDIT}-{field}-{run.name}", said.title, said.note)


def _save(run: Run, said: About) -> None:
    """Write what was changed; the rest may have been changed in another tab meanwhile."""
    texts = {f: (state.get(_key(f, run, said)) or "").strip() for f in ("name", "title", "note")}
    name = texts.pop("name")
    run_library.annotate(run, **{f: text for f, text in texts.items() if text != getattr(said, f)})
    renamed = run_library.rename(resources.workspace(), run, name)
    choose([renamed.name])
    if state.get(state.RUN) == run.name:
        state.put(state.RUN, renamed.name)


def _say(chosen: Sequence[Run], changes: dict[str, bool]) -> None:
    for run in chosen:
        run_library.annotate(run, **changes)


def _delete(chosen: Sequence[Run]) -> None:
    for run in chosen:
        run.expect_idle()
    trashed = [run_library.delete(resources.workspace(), run) for run in chosen]
    state.put(state.DELETED, ",".join(each.path.name for each in trashed))
    choose([])


def _button(label: str, deed: object, *arguments: object) -> None:
    st.button(label, key=f"{label.lower()}-runs", on_click=shell.act, args=[deed, *arguments])
