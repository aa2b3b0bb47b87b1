"""The reliability diagram: does a probability mean what it says?"""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.reporting.figures.style import (
    Look,
    empty,
    faint,
    finished,
    reference_line,
    stage_colour,
    styled,
)


def reliability_diagram(
    bins: Mapping[str, pd.DataFrame],
    titles: Mapping[str, str] | None = None,
    *,
    mark: str | None = None,
    look: Look = "dark",
) -> go.Figure:
    """Observed against predicted share of positives, and below it how many scans stand there.

    Args:
        bins: Rows of `core.evaluation.calibration.reliability`, by stage; one to three stages
            read best.
        titles: Of the stages, by name.
        mark: Of a run whose split leaks (see `core.evaluation.mark`).
        look: Dark or light.
    """
    drawn = {stage: table for stage, table in bins.items() if len(table)}
    if not drawn:
        return empty("No probabilities to show.", look)
    figure = make_subplots(
        rows=2, shared_xaxes=True, row_heights=[0.78, 0.22], vertical_spacing=0.05
    )
    figure.add_trace(reference_line((0, 1), look), 1, 1)
    for stage, table in drawn.items():
        colour, title = stage_colour(stage, look), (titles or {}).get(stage, stage)
        figure.add_trace(
            go.Scatter(
                x=table["predicted"].tolist(),
                y=table["observed"].tolist(),
                error_y={
                    "type": "data",
                    "array": (table["high"] - table["observed"]).clip(lower=0).tolist(),
                    "arrayminus": (table["observed"] - table["low"]).clip(lower=0).tolist(),
                    "thickness": 1.2,
                    "width": 3,
                    "color": faint(colour, 0.7),
                },
                customdata=table[["n", "low", "high"]].to_numpy().tolist(),
                mode="lines+markers",
                line={"color": colour, "width": 2},
                marker={"size": 8, "color": colour},
                name=title,
                legendgroup=stage,
                hovertemplate=f"<b>{title}</b>, %{{customdata[0]}} scans<br>predicted %{{x:.0%}}, "
                "observed %{y:.0%} (%{customdata[1]:.0%} to %{customdata[2]:.0%})<extra></extra>",
            ),
            1,
            1,
        )
        figure.add_trace(
            go.Bar(
                x=((table["left"] + table["right"]) / 2).tolist(),
                y=table["n"].tolist(),
                marker={"color": faint(colour, 0.7), "line": {"width": 0}},
                legendgroup=stage,
                showlegend=False,
                hovertemplate=f"<b>{title}</b><br>%{{y}} scans<extra></extra>",
            ),
            2,
            1,
        )
    styled(figure, look, height=460)
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    figure.update_xaxes(title_text="Predicted probability of the positive class", row=2)
    figure.update_yaxes(title_text="Observed share", tickformat=".0%", range=[-0.02, 1.02], row=1)
    figure.update_yaxes(title_text="Scans", nticks=3, row=2)
    figure.update_layout(bargap=0.15, margin={"t": 48})
    return finished(figure, mark, look)
