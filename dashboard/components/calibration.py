"""Whether probabilities mean what they say, in words."""

import streamlit as st

from core.evaluation.results import Part, StageResult
from dashboard.components import metrics_table


def show(stage: StageResult, part: Part) -> None:
    """Calibration error, Brier score and temperature of a stage."""
    result = getattr(stage, part)
    for name in ("calibration_error", "brier"):
        value = metrics_table.value(name, getattr(result, name))
        between = metrics_table.interval(name, result.intervals.get(name))
        st.markdown(
            f"{metrics_table.FIGURES[name]}: **{value}**" + (f" ({between})" if between else "")
        )
    if stage.temperature is not None:
        st.markdown(
            f"Temperature fitted on validation: **{stage.temperature:.2f}**. Above 1 a network is "
            "too sure of itself, below 1 not sure enough."
        )
