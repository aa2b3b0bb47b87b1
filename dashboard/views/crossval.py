"""Cross-validate: every scan predicted by a network that has not met it, in one table."""

from dashboard import resources
from dashboard.components import crossval_panel, pooled_results, shell

shell.header(
    "Cross-validate",
    "Every scan predicted by a network that has not met it.",
    pick_run=False,
    watch=False,
)

found = crossval_panel.picker()
if found is None:
    shell.empty(
        "Here all scans are test scans, each once",
        "Five networks are trained, each on four fifths of the scans, and asked about the rest. "
        "Choose cross-validation when you set up a new run.",
        "views/train.py",
        "Set it up",
    )
else:
    crossval_panel.show(found)
    if found.finished_stages():
        pooled_results.show(found, resources.pooled(found))
