"""The demonstration: a run on simulated scans, for somebody without data of their own."""

from collections.abc import Callable

from core.data.demo import make_demonstration
from core.data.duplicates import group_near_copies
from core.data.index import index_folder
from core.protocols import DEMO
from core.training import jobs
from core.training.runs import Run
from core.training.workspace import Workspace


def start_demonstration(
    workspace: Workspace,
    *,
    name: str | None = None,
    progress: Callable[[str, int, int], None] = lambda activity, done, total: None,  # noqa: ARG005
) -> Run:
    """Make the demonstration set, if it is not there yet, and launch all five stages on it.

    Args:
        workspace: Gets the set and the run.
        name: Of the run; by default protocol and date.
        progress: Told of what is being done, how much of it is done, and of how much.

    Returns:
        The run, which trains in a process of its own.

    Raises:
        SettingError: The name is not usable or taken.
    """

    def tell(activity: str) -> Callable[[int, int], None]:
        return lambda done, total: progress(activity, done, total)

    scans = make_demonstration(
        workspace.demonstration, progress=tell("Making the demonstration set")
    )
    # Its classes and its crop are known, so nothing about it is left to be measured.
    dataset = index_folder(scans, "tumour", already_cropped=False, progress=tell("Reading scans"))
    groups = group_near_copies(scans, dataset.entries, progress=tell("Looking for copies"))
    run = jobs.create_run(workspace, dataset, DEMO, groups, name=name)
    jobs.start(run)
    return run
