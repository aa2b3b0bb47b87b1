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
        way = "too sure of itself" if stage.temperature > 1 else "less sure than it could be"
        st.markdown(
            f"Temperature: **{stage.temperature:.2f}**, fitted on validation. {stage.title} is "
            f"{way}; at this temperature its probabilities lose least."
        )
