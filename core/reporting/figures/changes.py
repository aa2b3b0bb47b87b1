"""The difference matrix of two stages: which scans changed sides."""

import pandas as pd
import plotly.graph_objects as go

from core.reporting.figures.matrix import CELLS, PLACES, cells, class_axes
from core.reporting.figures.style import PALETTES, Look, finished, styled


def changes_matrix(
    table: pd.DataFrame,
    first: str,
    second: str,
    classes: tuple[str, str],
    *,
    mark: str | None = None,
    look: Look = "dark",
) -> go.Figure:
    """By how much each cell of the confusion matrix grew or shrank, and who moved.

    Args:
        table: Rows of `core.evaluation.changes.changes`, of the part to be shown.
        first: Title of the earlier stage.
        second: Title of the later one.
        classes: Names of the negative and the positive class.
        mark: Of a run whose split leaks (see `core.evaluation.mark`).
        look: Dark or light.

    Returns:
        A figure in which each cell is a selectable point, its `customdata` being [cell], one
        of tn, fp, fn, tp. Colour says better or worse, not more or fewer.
    """
    colours = PALETTES[look]
    before = table["outcome_first"].value_counts()
    after = table["outcome_second"].value_counts()
    moved = table[table["outcome_first"] != table["outcome_second"]]
    came, went = moved["outcome_second"].value_counts(), moved["outcome_first"].value_counts()
    where = [(is_, called, CELLS[is_][called]) for is_, called in PLACES]
    net = {cell: int(after.get(cell, 0) - before.get(cell, 0)) for *_, cell in where}
    better = [[net["tn"], -net["fp"]], [-net["fn"], net["tp"]]]
    reach = max(1, *(abs(value) for value in net.values()))
    figure = go.Figure(
        go.Heatmap(
            z=better,
            zmin=-reach,
            zmax=reach,
            colorscale=[[0, colours.worse], [0.5, colours.surface], [1, colours.better]],
            showscale=False,
            xgap=3,
            ygap=3,
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        cells(
            colours,
            size=70,
            text=[
                f"<span style='font-size:1.5em'>{_signed(net[cell])}</span><br>"
                f"{came.get(cell, 0)} in, {went.get(cell, 0)} out"
                for *_, cell in where
            ],
            customdata=[[cell] for *_, cell in where],
            hovertext=[
                f"{classes[is_]} called {classes[called]}:<br>"
                f"{before.get(cell, 0)} with {first}, {after.get(cell, 0)} with {second}"
                for is_, called, cell in where
            ],
        )
    )
    styled(figure, look, height=340)
    class_axes(figure, classes)
    figure.update_xaxes(title_text="What it was called")
    figure.update_yaxes(title_text="What it is")
    figure.add_annotation(
        text=f"From {first} to {second}<br><span style='font-size:0.8em;"
        f"color:{colours.muted}'>Blue: more scans right. Orange: fewer.</span>",
        font={"size": 14, "color": colours.text},
        align="left",
        x=0,
        xref="paper",
        y=1,
        yref="paper",
        yanchor="bottom",
        yshift=8,
    )
    figure.update_layout(margin={"t": 60}, showlegend=False)
    return finished(figure, mark, look)


def _signed(value: int) -> str:
    return f"+{value}" if value > 0 else f"−{-value}" if value < 0 else "0"
