"""Every key of the session state, and nothing else that outlives a rerun.

Only plain values go in (`enforceSerializableSessionState` holds us to that): names, numbers
and paths, never a run, a data set or a model. What those names stand for is read afresh
from disk, so that two tabs and a restarted server agree.

Keys that are also widget keys are marked; `RUN` and `STAGE` are bound to the address of the
page (`bind="query-params"`), so that a view can be bookmarked.
"""

import streamlit as st

RUN = "run"
"""Widget: name of the run in use."""
STAGE = "stage"
"""Widget: name of the stage in use."""

FOLDER = "folder"
"""Path of the data set in use."""
POSITIVE = "positive"
"""Widget: name of the positive class; absent while it is inferred."""
PROTOCOL = "protocol"
"""Widget: name of the protocol for the next run and for the planned split."""


def get(key: str, default: str | None = None) -> str | None:
    """The value under a key of this module, or the default."""
    value = st.session_state.get(key, default)
    return default if value is None else str(value)


def put(key: str, value: str | None) -> None:
    """Set the value under a key of this module; none removes it."""
    if value is None:
        st.session_state.pop(key, None)
    else:
        st.session_state[key] = value
