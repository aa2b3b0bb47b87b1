"""Every key of the session state, and nothing else that outlives a rerun.

Only plain values go in (`enforceSerializableSessionState` holds us to that): names, numbers
and paths, never a run, a data set or a model. What those names stand for is read afresh
from disk, so that two tabs and a restarted server agree.

Most keys are the keys of widgets. Those marked "in the address" are bound to the page's
address, so that a view can be bookmarked; a widget may not be given another value once it
has been drawn, so callbacks are the place to change one.
"""

import streamlit as st

RUN = "run"
"""Name of the run in use; in the address."""
STAGE = "stage"
"""Name of the stage in use; in the address."""

FOLDER = "folder"
"""Path of the data set in use."""
BROWSED = "browsed"
"""Path that the folder browser shows."""
POSITIVE = "positive"
"""Name of the positive class; absent until it is chosen."""
CROPPED = "cropped"
"""Whether the scans are cropped already; absent until it is decided."""
PROTOCOL = "protocol"
"""Name of the protocol for the planned split and the next run."""
DATA_TAB = "show"
"""Which part of the Data page is open; in the address."""
TRAIN_TAB = "task"
"""Which part of the Train page is open; in the address."""
WEIGHTS = "weights"
"""Path of a weights file for the next run; empty to have one found."""
NEW_RUN = "new-run"
"""Name for the next run; empty for one that is made up."""
PROBLEM = "problem"
"""What went wrong in a callback, to be told by the page that follows."""

COMPARE_TAB = "figures"
"""Which part of the Compare page is open; in the address."""
PART = "part"
"""Part of the data that Compare shows: "validation" or "test"; in the address."""
SHARES = "shares"
"""Whether confusion matrices show counts or per cent; in the address."""
OUTCOME = "outcome"
"""Cell of the confusion matrix whose scans are listed; in the address."""
CURVES = "curves"
"""Whether curves share one axis or stand stage by stage; in the address."""
FIRST = "first"
"""Earlier one of two stages that are compared; in the address."""
SECOND = "second"
"""Later one of two stages that are compared; in the address."""
CHANGE = "change"
"""Which of the scans are listed that two stages called differently; in the address."""

DROP = "drop"
"""How often scans have been dropped: a new drop zone each time."""
SCAN = "scan"
"""File of the run that Explain was last opened with; a copy of what the address says."""
OPACITY = "opacity"
"""Of the map over the scan, per cent."""
HIDDEN = "hidden"
"""Whether the map is put out of sight."""
OUTLINE = "outline"
"""Whether the crop is drawn over the scan."""
SLICE = "slice"
"""Beginning of the keys under which the slice of each volume is kept."""
PLANE = "plane"
"""Beginning of the keys under which the plane that each volume is cut in is kept."""
VOLUME = "volume"
"""Beginning of the keys under which the volume of each file is kept, from 1."""
WINDOW = "window"
"""Beginning of the keys under which the window of each file is kept."""
OVERRIDE = "override"
"""Beginning of the keys that say of each file whether its refusal was overridden."""
TARGET = "target"
"""Class that the map explains: "predicted" or a class name."""
METHOD = "method"
"""How the map is made."""


def get(key: str, default: str | None = None) -> str | None:
    """The text under a key of this module, or the default."""
    value = st.session_state.get(key)
    return default if value is None else str(value)


def put(key: str, value: str | None) -> None:
    """Set the text under a key of this module; none removes it."""
    if value is None:
        st.session_state.pop(key, None)
    else:
        st.session_state[key] = value
