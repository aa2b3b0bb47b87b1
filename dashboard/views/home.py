"""Home: where the user is, the one obvious next step, and the runs so far."""

from dashboard import resources, survey
from dashboard.components import next_step, run_list, shell

shell.header(
    "NeuroStage",
    "From a folder of brain MRI scans to an explained prediction.",
    pick_run=False,
    watch=False,
)

runs = resources.workspace().runs()
folder = survey.folder()
next_step.show(next_step.situation(run_list.sound(runs), folder), folder)
run_list.show(runs)
