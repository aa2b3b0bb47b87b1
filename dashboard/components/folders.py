"""Choosing a folder on this computer: typed, recent, or browsed to."""

import json
import sys
from pathlib import Path

import psutil
import streamlit as st

from core.storage import is_folder, write_text
from dashboard import resources, state, survey
from dashboard.components.words import count, plain

REMEMBERED = 8


def choose() -> Path | None:
    """A field with recent folders that takes a typed path too; beside it, to browse and reread."""
    options = [str(folder) for folder in recent()]
    typed = state.get(state.FOLDER)
    if typed and typed not in options:
        options.insert(0, typed)
    field, browse, again = st.columns([5, 1, 1], vertical_alignment="bottom", gap="small")
    folder = field.selectbox(
        "Folder of scans",
        options,
        index=None,
        key=state.FOLDER,
        accept_new_options=True,
        placeholder="Type or paste a path, choose a recent folder, or browse",
        persist_state="session",
        help="One sub-folder for each of two classes, such as yes and no; or train, valid and "
        "test with such sub-folders inside. Scans are read where they are.",
    )
    if browse.button("Browse", key="browse", icon=":material/folder_open:", width="stretch"):
        state.put(state.BROWSED, folder or str(Path.home()))
        browser()
    chosen = survey.folder()
    reread = again.button(
        "Read again",
        key="read-again",
        icon=":material/refresh:",
        width="stretch",
        disabled=chosen is None,
        help="Files that come or go are noticed by themselves; one that was changed in its place "
        "is not.",
    )
    if reread and chosen:
        survey.read_again(chosen)
    return chosen


@st.dialog("Choose a folder", width="medium")
def browser() -> None:
    """Walk the folders of this computer."""
    here = Path(state.get(state.BROWSED) or Path.home())
    folders, files = _inside(here)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Up",
            key="up",
            icon=":material/arrow_upward:",
            on_click=_go,
            args=[str(here.parent)],
        )
        for place, name in _places():
            st.button(name, key=f"place-{place}", on_click=_go, args=[place], type="tertiary")
    st.markdown(f"**{plain(str(here))}**")
    with st.container(height=300, gap=None, key="folder-list"):
        for folder in folders:
            st.button(
                plain(folder.name),
                key=f"folder-{folder}",
                icon=":material/folder:",
                on_click=_go,
                args=[str(folder)],
                type="tertiary",
                width="stretch",
            )
        if not folders:
            st.caption("No folders in here.")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Use this folder", key="use-folder", type="primary", on_click=use, args=[here]
        ):
            st.rerun()
        st.caption(f"{count(len(folders), 'folder')} and {count(files, 'file')} in it")


def use(folder: Path) -> None:
    """Make a folder the one in use; for callbacks."""
    state.put(state.FOLDER, str(folder))


def restore() -> None:
    """At the start of a session, take up the folder that was used last."""
    if state.FOLDER not in st.session_state and (known := recent()):
        state.put(state.FOLDER, str(known[0]))


def recent() -> list[Path]:
    """Folders used before that are there now, latest first."""
    return list(filter(is_folder, _known()))


def remember(folder: Path) -> None:
    """Put a folder at the head of the recent ones."""
    known = _known()
    if known[:1] != [folder]:
        folders = [folder, *(other for other in known if other != folder)][:REMEMBERED]
        write_text(_memory(), json.dumps([str(f) for f in folders], indent=2))


def _known() -> list[Path]:
    """All that are remembered. One that is out of reach now, on a share say, may come back."""
    try:
        known = json.loads(_memory().read_text())
    except (OSError, ValueError):
        known = []
    return [Path(folder) for folder in known if isinstance(folder, str)]


def _memory() -> Path:
    return resources.workspace().path / "recent.json"


def _go(folder: str) -> None:
    state.put(state.BROWSED, folder)


def _inside(folder: Path) -> tuple[list[Path], int]:
    """Sub-folders that are not hidden, by name, and the number of files."""
    try:
        children = [child for child in folder.iterdir() if not child.name.startswith(".")]
    except OSError:
        return [], 0
    folders = sorted((c for c in children if is_folder(c)), key=lambda c: c.name.casefold())
    return folders, len(children) - len(folders)


def _places() -> list[tuple[str, str]]:
    """Where to start from: home and, on Windows, the drives."""
    places = [(str(Path.home()), "Home")]
    if sys.platform == "win32":
        places += [(disk.mountpoint, disk.mountpoint) for disk in psutil.disk_partitions()]
    return places
