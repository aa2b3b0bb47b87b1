"""Compare: what each stage was worth, which one to keep, and the scans behind the numbers."""

from functools import partial

import streamlit as st

from core.evaluation.results import Comparison
from core.reporting import figures
from core.training.runs import Run
from dashboard import resources, state
from dashboard.components import (
    chart,
    confusion,
    difference,
    metrics_table,
    part_picker,
    recommendation,
    shell,
    thresholds,
)


def epochs(run: Run, _comparison: Comparison) -> None:
    each = st.segmented_control(
        "Curves",
        ["One axis", "Stage by stage"],
        default="One axis",
        required=True,
        key=state.CURVES,
        bind="query-params",
        label_visibility="collapsed",
    )
    figure = chart.curves(run, stage_by_stage=each == "Stage by stage")
    chart.show(figure, "epochs", "Loss and accuracy, training and validation, epoch by epoch")


def held_out(run: Run, comparison: Comparison) -> None:
    draw = partial(figures.validation_against_test, comparison)
    figure = chart.drawn(run, ("held-out",), draw)
    chart.show(figure, "held-out", "Accuracy and loss of each stage, validation against test")
    figure = chart.drawn(run, ("overfitting",), partial(figures.overfitting_gap, comparison))
    chart.show(figure, "overfitting", "By how much training looks better than validation")


def numbers(run: Run, comparison: Comparison) -> None:
    part = part_picker.show()
    metrics_table.show(comparison, part)
    metrics_table.baselines(comparison, part)
    metrics_table.downloads(run, comparison)
    st.page_link("views/card.py", label="Model card of this run", icon=":material/description:")


def two_stages(run: Run, comparison: Comparison) -> None:
    if len(comparison.stages) < 2:
        st.caption("It takes two finished stages to compare two.")
    else:
        difference.show(run, comparison)


FIGURES = {
    "Matrices": confusion.show,
    "Epochs": epochs,
    "Validation and test": held_out,
    "Thresholds": thresholds.show,
    "Numbers": numbers,
    "Two stages": two_stages,
}


@st.fragment
def tabs(run: Run) -> None:
    """One tab a figure; a click on or in one leaves the rest of the page alone."""
    with shell.problems():
        comparison = resources.comparison(run)
        shown = st.tabs(list(FIGURES), key=state.COMPARE_TAB, bind="query-params")
        for tab, show in zip(shown, FIGURES.values(), strict=True):
            if tab.open:
                with tab:
                    show(run, comparison)


run = shell.header("Compare", "What each stage of fine-tuning was worth, and which one to keep.")

if run is None or not run.finished_stages():
    shell.empty(
        "Here the stages of a run stand side by side",
        "Confusion matrices, curves and figures with intervals appear as soon as one stage is "
        "trained.",
        "views/train.py",
        "Train a stage",
    )
else:
    recommendation.show(resources.comparison(run))
    tabs(run)
