"""Colours, type and spacing that all figures share."""

import hashlib
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go
import plotly.io

Look = Literal["dark", "light"]

STAGE_COLOURS: dict[Look, dict[str, str]] = {
    "dark": {
        "baseline": "#a7adb0",
        "stage1": "#4278f5",
        "stage2": "#3fbd7c",
        "stage3": "#dba414",
        "final": "#cf93d6",
        "average": "#9a71d0",
    },
    "light": {
        "baseline": "#62676f",
        "stage1": "#164bf0",
        "stage2": "#126e3b",
        "stage3": "#856d07",
        "final": "#a3399b",
        "average": "#6c2aaf",
    },
}
"""Told apart with any kind of colour vision: at least 19 CIE76 units between any two, also as
seen with protanopia, deuteranopia and tritanopia (Machado, Oliveira & Fernandes, 2009). All can
be read as text: 4.5 to 1 against the page (WCAG AA)."""

PART_COLOURS: dict[Look, dict[str, str]] = {
    "dark": {"train": "#a3acb4", "validation": "#62b0c6", "test": "#e0a458"},
    "light": {"train": "#626d77", "validation": "#1b7f9a", "test": "#a9620f"},
}
PART_SYMBOLS = {"train": "square", "validation": "circle", "test": "diamond"}

_SPARE = ("stage1", "stage2", "stage3", "final", "baseline")

CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "showSendToCloud": False,  # plotly.js 4 offers to upload the figure to another host
    "plotlyServerURL": "",
    "toImageButtonOptions": {"format": "svg", "filename": "neurostage"},
}
"""For whatever shows a figure: `Figure.write_html`, a page."""

_REMOVED_BUTTONS = (
    "sendChartToCloud zoom2d pan2d select2d lasso2d zoomIn2d zoomOut2d autoScale2d resetScale2d"
)


@dataclass(frozen=True)
class Palette:
    """The colours of a look beside those of stages and parts.

    Text, also on fills, keeps WCAG AA: 4.5 to 1.
    """

    text: str
    muted: str
    grid: str
    surface: str
    bad: str
    sequence: tuple[str, ...]
    """Fills from nothing to all, one hue."""
    better: str
    worse: str
    """Fills that part from `surface`."""
    on_fill: str
    """Text on any of these fills."""


PALETTES: dict[Look, Palette] = {
    "dark": Palette(
        text="#d8dfe5",
        muted="#94a1ac",
        grid="#243039",
        surface="#182029",
        bad="#e08a5c",
        sequence=("#18222b", "#1e3845", "#255163", "#2a687d", "#2f7f98"),
        better="#2f7f98",
        worse="#a85a32",
        on_fill="#ffffff",
    ),
    "light": Palette(
        text="#1d2730",
        muted="#56646f",
        grid="#dbe2e7",
        surface="#ffffff",
        bad="#a94a1c",
        sequence=("#eef3f6", "#d3e6ec", "#b3d6e0", "#91c4d3", "#6fb3c5"),
        better="#7cbccc",
        worse="#eda87f",
        on_fill="#14202a",
    ),
}

MARK_WIDTH = 70
"""Letters of a line of the mark below a figure, so that it fits below a narrow one."""
AXIS_ROOM = 48
"""Pixels below a figure that its axis takes, with numbers and title."""

FONT = "'Source Sans', 'Source Sans Pro', Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"


def stage_colour(stage: str, look: Look = "dark") -> str:
    """Colour of a stage; one that the usual schedule lacks gets the same colour every time."""
    known = stage if stage in STAGE_COLOURS[look] else _SPARE[sum(stage.encode()) % len(_SPARE)]
    return STAGE_COLOURS[look][known]


def faint(colour: str, opacity: float) -> str:
    """`#rrggbb` as rgba with this opacity."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def styled(figure: go.Figure, look: Look, *, height: int) -> go.Figure:
    """Give a figure the look, in place, and return it.

    Not by a template: plotly.js takes every template for a new one, and draws everything anew.
    """
    colours = PALETTES[look]
    axis = {
        "gridcolor": colours.grid,
        "linecolor": colours.grid,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"color": colours.muted, "size": 11},
        "title": {"font": {"color": colours.muted, "size": 12}, "standoff": 8},
        "automargin": True,
    }
    figure.update_xaxes(axis)
    figure.update_yaxes(axis)
    figure.layout.template = None
    figure.update_layout(
        font={"family": FONT, "color": colours.text, "size": 12},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={
            "bgcolor": colours.surface,
            "bordercolor": colours.grid,
            "font": {"color": colours.text, "family": FONT},
        },
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"color": colours.text, "size": 12},
        },
        modebar={
            # Here as well as in CONFIG: no figure may leave the machine wherever it is shown.
            "remove": _REMOVED_BUTTONS.split(),
            "bgcolor": "rgba(0,0,0,0)",
            "color": colours.muted,
            "activecolor": colours.text,
        },
        height=height,
        # Enough for axes with titles. One that wants more gets it, and is drawn twice for it.
        margin={"l": 64, "r": 12, "t": 48, "b": 48},
        dragmode=False,
        clickmode="none",  # a click that chooses nothing must not fade what was not clicked
    )
    return figure


def letters(names: Iterable[str]) -> int:
    """Room that the longest of these names takes beside an axis, pixels; never more than 200."""
    return min(200, round(6.8 * max(map(len, names), default=0)))


def reference_line(y: tuple[float, float], look: Look, **named: object) -> go.Scatter:
    """A dotted line across a unit square, from one height to another, to compare with."""
    return go.Scatter(
        x=[0, 1],
        y=y,
        mode="lines",
        line={"color": PALETTES[look].muted, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
        **named,
    )


def finished(figure: go.Figure, mark: str | None, look: Look) -> go.Figure:
    """The last touch, in place: annotations, the mark of a run whose split leaks, a revision.

    The revision follows from all that is drawn. Two figures of one revision are the same to
    plotly.js, and a page that hands it the same figure again does not have it drawn again.

    Args:
        figure: With its look and height; its title is free.
        mark: See `core.evaluation.mark`; none leaves the figure as it is.
        look: Dark or light.
    """
    if mark is not None:
        _write_mark(figure, mark, look)
    for annotation in figure.layout.annotations:
        annotation.showarrow = False
        annotation.font.color = annotation.font.color or PALETTES[look].muted
    drawn = str(plotly.io.to_json(figure, validate=False))
    figure.layout.datarevision = hashlib.sha256(drawn.encode()).hexdigest()[:16]
    return figure


def _write_mark(figure: go.Figure, mark: str, look: Look) -> None:
    lines = textwrap.wrap(mark, MARK_WIDTH)
    room = 16 * len(lines) + 8
    height = figure.layout.height + room
    figure.update_layout(
        title={
            "text": "<br>".join(lines),
            "font": {"size": 11, "color": PALETTES[look].bad},
            "x": 0,
            "xref": "container",
            "y": room / height,
            "yref": "container",
            "yanchor": "top",
            "pad": {"l": 8},
        },
        height=height,
        margin={"b": max(figure.layout.margin.b, AXIS_ROOM) + room},
    )


def empty(message: str, look: Look, *, height: int = 240) -> go.Figure:
    """In place of a figure that there is nothing for: a sentence."""
    figure = styled(go.Figure(), look, height=height)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=message, x=0.5, y=0.5, xref="paper", yref="paper")
    return finished(figure, None, look)
