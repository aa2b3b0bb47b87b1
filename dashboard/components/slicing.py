"""Which slice of a file is looked at, and how it is turned to grey."""

import streamlit as st

from core.imaging.reading import PLANES, Selection, Window
from core.imaging.scans import Scan
from dashboard import state
from dashboard.tray import Item

STEPS = 200
"""Of a window slider, from one end to the other."""


def selection(item: Item) -> Selection:
    """What the controls of a scan say; the middle slice as the file says before there are any."""
    plane = st.session_state.get(_key(state.PLANE, item), PLANES[0])
    volume = int(st.session_state.get(_key(state.VOLUME, item), 1)) - 1
    number = st.session_state.get(_slice_key(item, plane, volume))
    return Selection(None if number is None else int(number) - 1, plane, volume, _window(item))


def controls(item: Item, scan: Scan) -> None:
    """Slice, plane, volume and window, each only where the file has a choice of it."""
    if scan.slices > 1:
        key = _slice_key(item, scan.plane or PLANES[0], scan.volume)
        if key not in st.session_state:  # else it was turned to (see `show`)
            st.session_state[key] = scan.slice + 1
        st.slider(f"Slice {scan.slice + 1} of {scan.slices}", 1, scan.slices, key=key)
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
            )
        if scan.volumes > 1:
            st.number_input(
                f"Volume, of {scan.volumes}",
                1,
                scan.volumes,
                value=scan.volume + 1,
                key=_key(state.VOLUME, item),
                width=140,
            )
        if scan.levels is not None and scan.window is not None:
            with st.popover("Window", icon=":material/contrast:"):
                _window_controls(item, scan.levels, scan.window)


def show(item: Item, scan: Scan, index: int) -> None:
    """Turn to a slice, from 0, of the plane and volume that a scan is of; for callbacks."""
    st.session_state[_slice_key(item, scan.plane or PLANES[0], scan.volume)] = index + 1


def _window_controls(item: Item, levels: tuple[float, float], window: Window) -> None:
    """Two sliders that begin where the file, or its percentiles, put them."""
    chosen = st.toggle("Choose centre and width", key=_key(state.WINDOW, item))
    centre, width = window
    low, high = min(levels[0], centre), max(levels[1], centre)
    span = max(high - low, width)
    if not chosen or not span > 0:
        st.caption(f"As the file says: centre {centre:.4g}, width {width:.4g}.")
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
