"""Compare: what each stage was worth, which one to keep, and the scans behind the numbers."""

import streamlit as st

from core.evaluation.calibration import reliability
from core.evaluation.precision_recall import precision_recall_curve
from core.evaluation.results import Comparison
from core.evaluation.roc import roc_curve
from core.reporting import figures
from core.training.runs import Run
from dashboard import resources, state
from dashboard.components import (
    calibration,
    chart,
    confusion,
    difference,
    metrics_table,
    operating,
    part_picker,
    recommendation,
    shell,
)


def epochs(run: Run, comparison: Comparison) -> None:
    titles = {stage.name: stage.title for stage in run.protocol.stages}
    each = st.segmented_control(
        "Curves",
        ["One axis", "Stage by stage"],
        default="One axis",
        required=True,
        key=state.CURVES,
        bind="query-params",
        label_visibility="collapsed",
    )
    draw = figures.stage_curves if each == "Stage by stage" else figures.all_stages_curves
    figure = draw(run.history(), titles, mark=comparison.mark, look=chart.look())
    chart.show(figure, "epochs", "Loss and accuracy, training and validation, epoch by epoch")


def held_out(_run: Run, comparison: Comparison) -> None:
    figure = figures.validation_against_test(comparison, look=chart.look())
    chart.show(figure, "held-out", "Accuracy and loss of each stage, validation against test")
    figure = figures.overfitting_gap(comparison, look=chart.look())
    chart.show(figure, "overfitting", "By how much training looks better than validation")


def thresholds(run: Run, comparison: Comparison) -> None:
    points = operating.points(run, comparison, *operating.choose())
    operating.show(comparison, points)
    part = part_picker.show()
    predictions = {name: run.predictions(name) for name in run.finished_stages()}
    rows = {name: table[table["split"] == part] for name, table in predictions.items()}
    kept = comparison.keep.stage or comparison.stages[-1].name
    left, right = st.columns(2, gap="large")
    with left:
        curves = {name: roc_curve(table, run.positive) for name, table in rows.items()}
        point = {kept: getattr(points[kept], part)}
        figure = figures.roc_curves(curves, comparison, part, operating=point, look=chart.look())
        chart.show(figure, "roc", "ROC curves of the stages")
    with right:
        curves = {name: precision_recall_curve(table, run.positive) for name, table in rows.items()}
        figure = figures.precision_recall_curves(curves, comparison, part, look=chart.look())
        chart.show(figure, "precision-recall", "Precision-recall curves of the stages")
    left, right = st.columns(2, gap="large", vertical_alignment="center")
    with left:
        titles = {stage.name: stage.title for stage in comparison.stages}
        bins = {kept: reliability(rows[kept], run.positive)}
        figure = figures.reliability_diagram(bins, titles, mark=comparison.mark, look=chart.look())
        chart.show(figure, "calibration", f"Observed against predicted share, {titles[kept]}")
    with right:
        calibration.show(comparison.stage(kept), part)


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
    "Thresholds": thresholds,
    "Numbers": numbers,
    "Two stages": two_stages,
}

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
    comparison = resources.comparison(run)
    recommendation.show(comparison)
    tabs = st.tabs(list(FIGURES), key=state.COMPARE_TAB, bind="query-params")
    for tab, show in zip(tabs, FIGURES.values(), strict=True):
        if tab.open:
            with tab:
                show(run, comparison)
