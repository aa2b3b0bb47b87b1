"""Validation or test: which part of the data the figures are of."""

from typing import cast

import streamlit as st

from core.evaluation.results import HeldOut
from dashboard import state

PARTS = {"test": "Test", "validation": "Validation"}


def show() -> HeldOut:
    """Choose the part; it is the same wherever it can be chosen."""
    return cast(
        HeldOut,
        st.segmented_control(
            "Part of the data",
            list(PARTS),
            default="test",
            required=True,
            format_func=PARTS.__getitem__,
            key=state.PART,
            bind="query-params",
            label_visibility="collapsed",
        ),
    )
