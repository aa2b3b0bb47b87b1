"""Where scans come in: dropped files, or a few of the run's own test scans to try."""

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFile

from core.training.runs import Run
from dashboard import desk, resources, state, tray
from dashboard.components import words
from dashboard.tray import Item

FORMATS = "PNG, JPEG, TIFF, BMP, DICOM, NIfTI, or a series as ZIP"


def show(label: str = f"Drop scans here: {FORMATS}, as many as you like") -> None:
    """The drop zone. What is dropped goes to the session's tray, and the zone is empty again."""
    key = f"{state.DROP}-{st.session_state.get(state.DROP, 0)}"
    st.file_uploader(
        label,
        accept_multiple_files=True,
        key=key,
        help="Files stay in memory, and are gone when you clear the desk or close the page. "
        "Nothing is written.",
        on_change=_take,
        args=(key,),
    )


def samples(run: Run) -> None:
    """A few scans to try, for somebody who has none at hand."""
    items = tray.samples(run)
    if not items:
        return
    # Of a run whose split leaks it may have met another picture of the same head.
    untouched = "" if resources.mark(run) else " It never trained on them."
    st.caption(f"No scan at hand? These are from this run's test part.{untouched}")
    for i, (column, item) in enumerate(zip(st.columns(len(items)), items, strict=True)):
        with column, st.container(key=f"sample-{i}"):
            picture = resources.thumbnail(run.config.data.root, item.name, item.key, None)
            st.image(picture, width="stretch", alt="")
            st.button(words.plain(item.name), on_click=_open, args=(item,), width="stretch")


def _take(key: str) -> None:
    files = st.session_state[key]
    # Of files that are dropped together some arrive later, and are told with those taken already.
    dropped = [file for file in files if not isinstance(file, DeletedFile)]
    if not dropped:
        return
    desk.tray().drop(
        ((file.file_id, file.name, file.getvalue()) for file in dropped), files[0].file_id
    )
    # An uploader keeps its list of files for as long as its key stays the same.
    st.session_state[state.DROP] = st.session_state.get(state.DROP, 0) + 1
    _let_go(dropped)


def _let_go(dropped: list[UploadedFile]) -> None:
    """Leave the tray alone with the files: the server would keep them until the page is closed."""
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in dropped:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def _open(item: Item) -> None:
    desk.tray().put([item])
