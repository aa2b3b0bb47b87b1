"""The figures, in plotly: each is given numbers and draws them, and computes none.

Every function takes `look`, "dark" for the reading room or "light" for paper; backgrounds are
transparent. Nothing here knows of a page.
"""

from core.reporting.figures.calibration import reliability_diagram
from core.reporting.figures.changes import changes_matrix
from core.reporting.figures.confusion import confusion_matrices
from core.reporting.figures.curves import all_stages_curves, stage_curves
from core.reporting.figures.generalisation import overfitting_gap, validation_against_test
from core.reporting.figures.precision_recall import precision_recall_curves
from core.reporting.figures.roc import roc_curves
from core.reporting.figures.slices import slice_strip
from core.reporting.figures.style import (
    CONFIG,
    PART_COLOURS,
    STAGE_COLOURS,
    Look,
    stage_colour,
)

__all__ = [
    "CONFIG",
    "PART_COLOURS",
    "STAGE_COLOURS",
    "Look",
    "all_stages_curves",
    "changes_matrix",
    "confusion_matrices",
    "overfitting_gap",
    "precision_recall_curves",
    "reliability_diagram",
    "roc_curves",
    "slice_strip",
    "stage_colour",
    "stage_curves",
    "validation_against_test",
]
