"""Which slice of a file is looked at, and how it is turned to grey."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.imaging.reading import PLANES, Selection, Window
from core.imaging.scans import Scan
from dashboard import state
from dashboard.components import override
from dashboard.tray import Item, Question

STEPS = 200
"""Of a window slider, from one end to the other."""


def question(item: Item) -> Question:
    """What the desk asks of a scan: its slice and window, and whether a refusal is overruled."""
    return Question(item, selection(item), override.asked(item))


def selection(item: Item) -> Selection:
    """What the controls of a scan say; the middle slice as the file says before there are any."""
    plane = st.session_state.get(_key(state.PLANE, item), PLANES[0])
    volume = int(st.session_state.get(_key(state.VOLUME, item), 1)) - 1
    number = st.session_state.get(_slice_key(item, plane, volume))
    return Selection(number, plane, volume, _window(item))


def controls(item: Item, scan: Scan) -> None:
    """Slice, plane, volume and window, each only where the file has a choice of it."""
    if scan.slices > 1:
        slider = f"{_slice_key(item, scan.plane or PLANES[0], scan.volume)}-slider"
        if st.session_state.get(slider) != scan.slice + 1:  # it was turned to (see `turner`)
            st.session_state[slider] = scan.slice + 1
        st.slider(
            f"Slice {scan.slice + 1} of {scan.slices}",
            1,
            scan.slices,
            key=slider,
            on_change=_turn,
            args=(slider, turner(item, scan)),
        )
    if scan.plane is None and scan.volumes < 2 and scan.levels is None:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        if scan.plane is not None:
            st.segmented_control(
                "Plane",
                PLANES,
                default=scan.plane,
                required=True,
                format_func=str.capitalize,
                key=_key(state.PLANE, item),
                persist_state="session",
            )
        if scan.volumes > 1:
            st.number_input(
                f"Volume, of {scan.volumes}",
                1,
                scan.volumes,
                value=scan.volume + 1,
                key=_key(state.VOLUME, item),
                persist_state="session",
                width=140,
            )
        if scan.levels is not None and scan.window is not None:
            with st.popover("Window", icon=":material/contrast:"):
                _window_controls(item, scan.levels, scan.window)


def turner(item: Item, scan: Scan) -> Callable[[int], None]:
    """What turns to a slice, from 0, of the plane and volume that a scan is of; for callbacks.

    It holds nothing of the scan, for a session keeps its callbacks for good.
    """
    chosen = _slice_key(item, scan.plane or PLANES[0], scan.volume)
    return partial(_choose, chosen, scan.slices)


def _turn(slider: str, turn: Callable[[int], None]) -> None:
    turn(st.session_state[slider] - 1)


def _choose(key: str, slices: int, index: int) -> None:
    """Remember a slice. The middle one is no choice: it was answered for before there was any."""
    if index == slices // 2:
        st.session_state.pop(key, None)
    else:
        st.session_state[key] = index


def _window_controls(item: Item, levels: tuple[float, float], window: Window) -> None:
    """Two sliders that begin where the file, or its percentiles, put them."""
    chosen = st.toggle(
        "Choose centre and width", key=_key(state.WINDOW, item), persist_state="session"
    )
    centre, width = window
    low, high = min(levels[0], centre), max(levels[1], centre)
    span = max(high - low, width)
    if not chosen or not span > 0:
        st.caption(f"As shown: centre {centre:.4g}, width {width:.4g}.")
        return
    step = span / STEPS
    ends = {"Centre": (low, max(high, low + step), centre), "Width": (step, 2 * span, width)}
    for label, (least, most, value) in ends.items():
        st.slider(
            label,
            least,
            most,
            value=value,
            step=step,
            format="%.4g",
            key=_key(f"{state.WINDOW}-{label}", item),
            persist_state="session",
        )


def _window(item: Item) -> Window | None:
    """The window that was chosen, once there are sliders to choose it with."""
    if not st.session_state.get(_key(state.WINDOW, item)):
        return None
    keys = [_key(f"{state.WINDOW}-{label}", item) for label in ("Centre", "Width")]
    centre, width = (st.session_state.get(key) for key in keys)
    return None if centre is None or width is None else (float(centre), float(width))


def _slice_key(item: Item, plane: str, volume: int) -> str:
    return f"{_key(state.SLICE, item)}-{plane}-{volume}"


def _key(part: str, item: Item) -> str:
    return f"{part}-{item.key}"
