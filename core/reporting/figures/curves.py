"""Loss and accuracy, epoch by epoch: each stage by itself, and all of them in one line."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.reporting.figures.style import (
    PALETTES,
    Look,
    empty,
    faint,
    finished,
    stage_colour,
    styled,
)

MEASURES = (("loss", "Loss"), ("accuracy", "Accuracy"))
NOTHING = "No epoch is finished yet."


def stage_curves(
    history: pd.DataFrame,
    titles: Mapping[str, str] | None = None,
    *,
    mark: str | None = None,
    look: Look = "dark",
) -> go.Figure:
    """Training against validation for each stage, on common scales.

    The best checkpoint is ringed; a vertical line marks where the learning rate was lowered.

    Args:
        history: Rows of `history.csv`; those of one stage alone are drawn larger.
        titles: Of the stages, by name.
        mark: Of a run whose split leaks (see `core.evaluation.mark`).
        look: Dark or light.
    """
    stages = list(_by_stage(history))
    if not stages:
        return empty(NOTHING, look)
    alone = len(stages) == 1
    figure = make_subplots(
        rows=1 if alone else 2,
        cols=2 if alone else len(stages),
        shared_yaxes=False if alone else "rows",
        horizontal_spacing=0.1 if alone else 0.09 / len(stages),
        vertical_spacing=0.08,
    )
    for number, (stage, rows) in enumerate(stages):
        title = (titles or {}).get(stage, stage)
        for measure, (column, name) in enumerate(MEASURES):
            row, col = (1, measure + 1) if alone else (measure + 1, number + 1)
            _lines(figure, rows, rows["epoch"], stage, title, column, look, (row, col))
            written = name if alone or number == 0 else None
            figure.update_yaxes(title_text=written, **_bounds(column), row=row, col=col)
            for epoch in _drops(rows):
                figure.add_vline(epoch - 0.5, line=_drop_line(look), row=row, col=col)
            figure.update_xaxes(range=[0.5, len(rows) + 0.5], row=row, col=col)
        if not alone:
            figure.add_annotation(
                text=f"<b style='color:{stage_colour(stage, look)}'>{title}</b>",
                x=0.5,
                y=1,
                xref="x domain",
                yref="y domain",
                yanchor="bottom",
                yshift=4,
                row=1,
                col=number + 1,
            )
    styled(figure, look, height=300 if alone else 420)
    if not alone:
        figure.update_xaxes(showticklabels=False, row=1)
    figure.update_xaxes(dtick=_tick(history, len(stages)), showgrid=False)
    figure.update_xaxes(title_text="Epoch", row=1 if alone else 2)
    figure.update_yaxes(rangemode="tozero", row=1, col=1)
    return _finish(figure, mark, look, drops=any(_drops(rows) for _, rows in stages))


def all_stages_curves(
    history: pd.DataFrame,
    titles: Mapping[str, str] | None = None,
    *,
    mark: str | None = None,
    look: Look = "dark",
) -> go.Figure:
    """All stages on one axis of epochs, the moments of unfreezing marked.

    Args:
        history: Rows of `history.csv`, in the order of the stages.
        titles: Of the stages, by name.
        mark: Of a run whose split leaks (see `core.evaluation.mark`).
        look: Dark or light.
    """
    stages = list(_by_stage(history))
    if not stages:
        return empty(NOTHING, look)
    colours = PALETTES[look]
    figure = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.07)
    before = 0
    shapes: list[dict[str, Any]] = []
    for stage, rows in stages:
        title = (titles or {}).get(stage, stage)
        epochs = rows["epoch"] + before
        end = before + len(rows)
        for row, (column, _) in enumerate(MEASURES, start=1):
            _lines(figure, rows, epochs, stage, title, column, look, (row, 1))
            axis = "" if row == 1 else str(row)
            over = {"xref": f"x{axis}", "yref": f"y{axis} domain", "x0": before + 0.5}
            over |= {"y0": 0, "y1": 1}
            fill = {"fillcolor": faint(stage_colour(stage, look), 0.06), "line": {"width": 0}}
            shapes.append({"type": "rect", "x1": end + 0.5, "layer": "below", **fill, **over})
            if before:
                line = {"width": 1, "color": colours.muted}
                shapes.append({"type": "line", "x1": before + 0.5, "line": line, **over})
        figure.add_annotation(
            text=f"<b>{title}</b>",
            font={"color": stage_colour(stage, look)},
            x=(before + end + 1) / 2,
            xref="x",
            y=1,
            yref="y domain",
            yanchor="bottom",
            yshift=4,
        )
        before = end
    figure.layout.shapes = shapes  # one by one they would take most of the time
    styled(figure, look, height=420)
    figure.update_xaxes(range=[0.5, before + 0.5], showgrid=False, dtick=1 if before < 15 else 5)
    figure.update_xaxes(title_text="Epoch, all stages in a row", row=2)
    for row, (column, name) in enumerate(MEASURES, start=1):
        figure.update_yaxes(title_text=name, **_bounds(column), row=row)
    figure.update_yaxes(rangemode="tozero", row=1)
    return _finish(figure, mark, look)


def _bounds(column: str) -> dict[str, Any]:
    """How far an axis may reach by itself: above an accuracy of 1 is room for a line, no number."""
    return {"autorangeoptions_maxallowed": 1.004} if column == "accuracy" else {}


def _by_stage(history: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for stage, rows in history.groupby("stage", sort=False):
        yield str(stage), rows


def _lines(
    figure: go.Figure,
    rows: pd.DataFrame,
    epochs: "pd.Series[int]",
    stage: str,
    title: str,
    column: str,
    look: Look,
    cell: tuple[int, int],
) -> None:
    """Training dashed, validation solid, the best checkpoint ringed."""
    colour = stage_colour(stage, look)
    hover = f"<b>{title}</b>, epoch %{{customdata[0]}}<br>%{{fullData.name}} %{{y:.3f}}"
    hover += "<br>learning rate %{customdata[1]:.2g}<extra></extra>"
    context = rows[["epoch", "learning_rate"]]
    for name, values, dash, width in (
        ("training", rows[column], "dot", 1.6),
        ("validation", rows[f"validation_{column}"], "solid", 2.4),
    ):
        figure.add_trace(
            go.Scatter(
                x=epochs.tolist(),
                y=values.tolist(),
                name=name,
                customdata=context.to_numpy().tolist(),
                hovertemplate=hover,
                mode="lines+markers" if len(rows) == 1 else "lines",
                line={
                    "color": faint(colour, 0.75) if name == "training" else colour,
                    "dash": dash,
                    "width": width,
                },
                showlegend=False,
            ),
            *cell,
        )
    best = rows["best"] == 1
    figure.add_trace(
        go.Scatter(
            x=epochs[best].tolist(),
            y=rows.loc[best, f"validation_{column}"].tolist(),
            name="validation, kept",
            customdata=context[best].to_numpy().tolist(),
            hovertemplate=hover,
            mode="markers",
            cliponaxis=False,
            showlegend=False,
            marker={
                "size": 10,
                "color": PALETTES[look].surface,
                "line": {"color": colour, "width": 2.4},
            },
        ),
        *cell,
    )


def _drop_line(look: Look) -> dict[str, Any]:
    return {"width": 1.2, "color": faint(PALETTES[look].muted, 0.55)}


def _drops(rows: pd.DataFrame) -> list[int]:
    """Epochs that ran at a lower learning rate than the one before."""
    return [int(epoch) for epoch in rows.loc[rows["learning_rate"].diff() < 0, "epoch"]]


def _tick(history: pd.DataFrame, stages: int) -> int:
    longest = int(history["epoch"].max())
    return max(1, round(longest / (10 if stages == 1 else 4)))


def _finish(figure: go.Figure, mark: str | None, look: Look, *, drops: bool = False) -> go.Figure:
    """A legend of line styles in a neutral colour: colours belong to stages."""
    colours = PALETTES[look]
    ring = {
        "size": 10,
        "color": colours.surface,
        "line": {"color": colours.text, "width": 2.4},
    }
    bar = {"symbol": "line-ns", "size": 12, "line": _drop_line(look)}
    styles: list[tuple[str, str, dict[str, Any] | None, dict[str, Any] | None]] = [
        ("training", "lines", {"dash": "dot", "width": 1.6}, None),
        ("validation", "lines", {"width": 2.4}, None),
        ("best checkpoint, kept", "markers", None, ring),
    ]
    if drops:
        styles.append(("learning rate lowered", "markers", None, bar))
    for name, mode, line, marker in styles:
        figure.add_trace(
            go.Scatter(
                x=[None],
                y=[None],
                name=name,
                mode=mode,
                line={"color": colours.text, **line} if line else None,
                marker=marker,
            )
        )
    figure.update_layout(margin={"t": 64}, legend={"y": 1.0, "yref": "container", "yanchor": "top"})
    figure.update_yaxes(nticks=6)
    return finished(figure, mark, look)
