"""The reader's own call on an answer: agree, disagree or unsure, with a note."""

import streamlit as st

from core.imaging.reading import PLANES
from core.prediction import Prediction
from core.readings.log import CALLS, NOTE_LENGTH, Answer, Call, Reading
from core.training.runs import Run
from dashboard import desk, resources, state
from dashboard.components import shell, slicing, words
from dashboard.tray import Item

SHORTCUTS: dict[Call, str] = {"agree": "Shift+A", "disagree": "Shift+D", "unsure": "Shift+U"}
WARNING = "No names, dates, numbers or anything else of a patient: notes are kept and exported."


def show(run: Run, item: Item, prediction: Prediction) -> None:
    """Three buttons and a note; nothing where there is no answer to call."""
    if prediction.status != "ok" or prediction.probability is None or prediction.label is None:
        return
    scan = prediction.scan
    answer = Answer(
        scan_sha256=desk.digest(item),
        slice=scan.slice if scan else 0,
        plane=(scan and scan.plane) or PLANES[0],
        volume=scan.volume if scan else 0,
        window=slicing.question(item).selection.window,
        run=run.name,
        stage=prediction.stage,
        model_sha256=prediction.model_sha256,
        positive=run.positive,
        label=prediction.label,
        probability=min(1.0, prediction.probability[run.positive]),
        trained_on=prediction.trained_on,
        overridden=prediction.overridden,
    )
    key = "-".join(map(str, (state.NOTE, *answer.subject)))
    with st.container(key="call", gap="xsmall"):
        former = resources.call_on(answer)
        st.caption(_said(former) if former else "Your own call")
        for column, call in zip(st.columns(3, gap="xsmall"), CALLS, strict=True):
            column.button(
                call.capitalize(),
                key=f"call-{call}",
                type="primary" if former and former.call == call else "secondary",
                shortcut=SHORTCUTS[call],
                help=SHORTCUTS[call],
                width="stretch",
                on_click=shell.act,
                args=(_write, answer, call, key),
            )
        st.text_input(
            "Note",
            key=key,
            max_chars=NOTE_LENGTH,
            placeholder="Note, written with your call",
            label_visibility="collapsed",
            persist_state="session",
        )
        st.caption(f":material/privacy_tip: {WARNING}")


def _write(answer: Answer, call: Call, key: str) -> None:
    resources.log().append(answer, call, state.get(key) or "")
    state.put(key, "")


def forget() -> None:
    """Let go of the notes that are not written yet, as of all else on a desk that is cleared."""
    for key in list(st.session_state):
        if str(key).startswith(f"{state.NOTE}-"):
            del st.session_state[key]


def _said(former: Reading) -> str:
    note = f": {words.plain(former.note)}" if former.note else ""
    return f"Called **{former.call}** on {words.moment(former.time)}{note}"
