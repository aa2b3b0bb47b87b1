"""Deleted runs, and the way back."""

import streamlit as st

from core.training import run_library
from core.training.run_library import Trashed
from dashboard import resources, state
from dashboard.components import shell
from dashboard.components.words import moment, plain

MOST = 20


def anything() -> bool:
    """Whether there is a run to be had back."""
    return bool(run_library.trash(resources.workspace()))


def undo() -> None:
    """Say what was deleted last, with the way back, for as long as there is one."""
    if not (names := state.get(state.DELETED)):
        return
    trashed = run_library.trash(resources.workspace())
    last = [each for each in trashed if each.path.name in names.split(",")]
    if last:
        with st.container(horizontal=True, vertical_alignment="center", key="undo"):
            told = ", ".join(plain(each.name) for each in last)
            st.markdown(f"Deleted: **{told}**", width="content")
            st.button("Undo", key="undo-delete", on_click=shell.act, args=[_restore, last])


def show() -> None:
    """The trash, closed until it is looked into."""
    found = run_library.trash(resources.workspace())
    if not found:
        return
    with st.expander(f"Trash ({len(found)})"):
        st.caption(
            f"Deleted runs are kept for {run_library.KEPT.days} days. The next deletion after that "
            "removes them for good, and gives their space on the disk back."
        )
        for each in found[:MOST]:
            with st.container(horizontal=True, vertical_alignment="center"):
                when = moment(each.deleted.isoformat())
                st.markdown(f"{plain(each.name)} :gray[deleted {when}]", width="content")
                st.button(
                    "Put back",
                    key=f"restore-{each.path.name}",
                    type="tertiary",
                    on_click=shell.act,
                    args=[_restore, [each]],
                )


def _restore(trashed: list[Trashed]) -> None:
    for each in trashed:
        run_library.restore(resources.workspace(), each)
