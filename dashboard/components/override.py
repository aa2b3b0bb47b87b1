"""A refusal that a reader may overrule, which the answer then says."""

import streamlit as st

from core.prediction import Prediction
from dashboard import state
from dashboard.tray import Item


def asked(item: Item) -> bool:
    """Whether an answer was demanded for this file."""
    return bool(st.session_state.get(_key(item)))


def offer(item: Item, prediction: Prediction) -> None:
    """The way around a refusal, and back."""
    if prediction.status == "refused":
        st.button(
            "Answer anyway",
            on_click=_set,
            args=(item, True),
            icon=":material/gavel:",
            help="The network always has an answer. It means nothing for what it was not "
            "trained on. The result is marked.",
        )
    elif prediction.overridden:
        st.button("Refuse it again", on_click=_set, args=(item, False), type="tertiary")


def _set(item: Item, wanted: bool) -> None:
    st.session_state[_key(item)] = wanted


def _key(item: Item) -> str:
    return f"{state.OVERRIDE}-{item.key}"
