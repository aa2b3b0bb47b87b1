"""Every key of the session state, and nothing else that outlives a rerun.

Only plain values go in (`enforceSerializableSessionState` holds us to that): names, numbers
and paths, never a run, a data set or a model. What those names stand for is read afresh
from disk, so that two tabs and a restarted server agree.

Most keys are the keys of widgets. Those marked "in the address" are bound to the page's
address, so that a view can be bookmarked; a widget may not be given another value once it
has been drawn, so callbacks are the place to change one.
"""

import hashlib

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

RUN = "run"
"""Name of the run in use; in the address."""
STAGE = "stage"
"""Name of the stage in use; in the address."""
OPEN = "open"
"""Name of the run that a link leads to; in the address alone, and only until it is opened."""
PAGE = "page"
"""Title of the page that was shown last."""

FOLDER = "folder"
"""Path of the data set in use."""
BROWSED = "browsed"
"""Path that the folder browser shows."""
POSITIVE = "positive"
"""Name of the positive class; absent until it is chosen. Like those below of the folder in use."""
CROPPED = "cropped"
"""Whether the scans are cropped already; absent until it is decided."""
PATIENT_PATTERN = "patient-pattern"
"""Regular expression that finds the patient in a file's path; empty for none."""
PATIENT_TABLE = "patient-table"
"""Path of a table that says which patient a scan is of; empty for none."""
ACCEPT_LEAK = "accept-leak"
"""Beginning of the keys under which the leak of one planned split is accepted."""
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
HOW_OFTEN = "how-often"
"""Whether the next training is one run or a cross-validation."""
REPETITIONS = "repetitions"
"""Of the next cross-validation, how many seeds."""
CROSSVAL = "crossval"
"""Name of the cross-validation in use; in the address."""
WATCHED = "watched"
"""Folders of the trainings that this session has seen at work, a line each."""
PROBLEM = "problem"
"""What went wrong in a callback, to be told by the page that follows."""

DEMONSTRATION = "demonstration-asked-for"
"""Whether this session has asked for the demonstration and waits for it."""

RUN_TABLE = "runs"
"""Beginning of the keys under which rows of the table of runs are selected."""
CHOSEN = "chosen"
"""Names of the runs that are chosen in it, with commas between them; in the address alone."""
ARCHIVED = "archived"
"""Whether archived runs are listed too; in the address."""
SIDE_BY_SIDE = "side-by-side"
"""Whether the runs that are chosen are compared; in the address."""
EDIT = "edit"
"""Beginning of the keys of what is typed about a run: its name, shown name and note."""
DELETED = "deleted"
"""Folders in the trash of the runs deleted last, with commas between them."""

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
SENSITIVITY = "sensitivity"
"""Wanted of the operating point, per cent; in the address."""
PREVALENCE = "prevalence"
"""Of the positive class where a model would be used, per cent; in the address."""
FIRST = "first"
"""Earlier one of two stages that are compared; in the address."""
SECOND = "second"
"""Later one of two stages that are compared; in the address."""
CHANGE = "change"
"""Which of the scans are listed that two stages called differently; in the address."""

DROP = "drop"
"""How often scans have been dropped: a new drop zone each time."""
SCAN = "scan"
"""Which scan of the run Explain was last opened with; a copy of what the address says."""
OPACITY = "opacity"
"""Of the map over the scan, per cent."""
HIDDEN = "hidden"
"""Whether the map is put out of sight."""
OUTLINE = "outline"
"""Whether the crop is drawn over the scan."""
SLICE = "slice"
"""Beginning of the keys under which the slice of each volume is kept, from 0, if not the middle."""
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
STRIP = "all-stages"
"""Whether it is open how every stage saw the scan."""
SIMILAR = "similar-cases"
"""Whether the similar cases are open."""
REPORT = "report"
"""Whether the report of the scan in view is open."""
BATCH = "report-of-all"
"""Whether the report of all scans on the desk is open."""
CHECKED = "checked"
"""Whether the maps in that report are checked."""
POINT = "point"
"""Beginning of the keys of the sensitivity that each kind of report calls at."""
SLICES = "every-slice"
"""Whether it is open what all slices of a volume got."""
NOTE = "note"
"""Beginning of the keys under which a reader's note on each answer is kept until it is written."""

LAID_BY = "laid-by"
"""What controls in the address showed before Back was pressed, until the run after."""

IN_ADDRESS = (
    RUN,
    STAGE,
    DATA_TAB,
    TRAIN_TAB,
    CROSSVAL,
    ARCHIVED,
    SIDE_BY_SIDE,
    COMPARE_TAB,
    PART,
    SHARES,
    OUTCOME,
    CURVES,
    SENSITIVITY,
    PREVALENCE,
    FIRST,
    SECOND,
    CHANGE,
)
"""Of all the controls that are bound to the address."""


def of(key: str, *contents: object) -> str:
    """The key of a widget that holds this: with other contents it is another widget.

    A row of a table is selected by its number, and what was typed is kept by its key; of other
    contents neither must be taken for what was chosen or written there.
    """
    return f"{key}-{hashlib.sha256(repr(contents).encode()).hexdigest()[:12]}"


def of_folder(key: str) -> str:
    """The key of what is said of the folder in use, which holds for no other."""
    return of(key, get(FOLDER))


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


def come_back() -> None:
    """After Back or Forward, let every control in the address show what was chosen in it last.

    Streamlit sets those to their defaults that the address does not name, over what the session
    holds, and the address of a page that was left names few. So what is held is laid by, and
    set as a callback would in a run of its own, which writes the address anew as well.
    """
    context = get_script_run_ctx()
    if context is not None and context.is_history_navigation:
        missing = [key for key in IN_ADDRESS if key not in st.query_params]
        st.session_state[LAID_BY] = {
            key: st.session_state[key] for key in missing if key in st.session_state
        }
        st.rerun()
    for key, value in st.session_state.pop(LAID_BY, {}).items():
        st.session_state[key] = value


def carry(*keys: str) -> None:
    """Take along to another page what is chosen under these keys.

    The control of the next page finds it only if the page before was drawn twice; what a link
    or an address has just chosen would be lost with the first click.
    """
    for key in keys:
        put(key, get(key))
