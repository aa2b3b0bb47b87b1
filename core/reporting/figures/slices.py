"""The slices of a volume on one axis: how probable the positive class is in each."""

import pandas as pd
import plotly.graph_objects as go

from core.evaluation.metrics import THRESHOLD
from core.reporting.figures.style import PALETTES, Look, faint, finished, stage_colour, styled
from core.reporting.statements import chance


def slice_strip(
    scores: pd.DataFrame,
    stage: str,
    positive: str,
    *,
    current: int | None = None,
    mark: str | None = None,
    look: Look = "dark",
) -> go.Figure:
    """Probability of the positive class over the number of the slice.

    Args:
        scores: A row a slice: `slice` (from 1), `probability` (of the positive class, not a
            number without an answer), `reason` (why there is none, or should be none).
        stage: The one that answered, whose colour the line has.
        positive: Name of the positive class.
        current: The slice that is looked at.
        mark: See `core.evaluation.mark`.
        look: Dark or light.
    """
    colours, own = PALETTES[look], stage_colour(stage, look)
    answered = scores["probability"].notna()
    silent = scores[~answered]
    doubtful = scores[answered & scores["reason"].notna()]
    figure = go.Figure(
        go.Scatter(
            x=scores["slice"].tolist(),
            y=scores["probability"].tolist(),
            customdata=scores["slice"].tolist(),
            hovertext=_chances(scores),
            mode="lines+markers",
            line={"color": own, "width": 1.6},
            marker={"size": 5},
            fill="tozeroy",
            fillcolor=faint(own, 0.12),
            name="answered",
            hovertemplate="slice %{x}: %{hovertext}<extra></extra>",
        )
    )
    # Refused slices have no place on the axis of probability: they stand below it.
    kinds = (
        (silent, -0.06, "x-thin", "no answer", "slice %{x}: no answer<br>%{text}<extra></extra>"),
        (
            doubtful,
            doubtful["probability"],
            "circle-open",
            "answered on demand",
            "slice %{x}: %{hovertext}, answered on demand<br>%{text}<extra></extra>",
        ),
    )
    for rows, height, symbol, name, said in kinds:
        if rows.empty:
            continue
        figure.add_trace(
            go.Scatter(
                x=rows["slice"].tolist(),
                y=[height] * len(rows) if isinstance(height, float) else height.tolist(),
                customdata=rows["slice"].tolist(),
                text=rows["reason"].tolist(),
                hovertext=_chances(rows),
                mode="markers",
                cliponaxis=False,
                marker={
                    "symbol": symbol,
                    "size": 5 if symbol == "x-thin" else 10,
                    "color": colours.bad,
                    "line": {"width": 1.2, "color": colours.bad},
                },
                name=name,
                hovertemplate=said,
            )
        )
    styled(figure, look, height=230)
    figure.update_traces(selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}})
    figure.add_hline(y=THRESHOLD, line={"color": colours.muted, "width": 1, "dash": "dot"})
    if current is not None:
        figure.add_vline(x=current, line={"color": colours.text, "width": 1})
    count = int(scores["slice"].max()) if len(scores) else 1
    figure.update_xaxes(title_text="Slice", range=[0.5, count + 0.5], showgrid=False)
    figure.update_yaxes(
        title_text=f"P({positive})", tickformat=".0%", range=[-0.1, 1.04], tickvals=[0, 0.5, 1]
    )
    figure.update_layout(
        showlegend=len(figure.data) > 1, margin={"t": 44, "r": 24}, clickmode="event+select"
    )
    return finished(figure, mark, look)


def _chances(rows: pd.DataFrame) -> list[str]:
    """What is said of each slice when it is pointed at."""
    return [chance(None if pd.isna(p) else p) for p in rows["probability"]]
