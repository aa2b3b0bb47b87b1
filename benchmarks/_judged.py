"""What a benchmark judges: the held-out scans of a run, or of the folds of a cross-validation."""

import argparse
from pathlib import Path

from core.evaluation.results import HELD_OUT
from core.training.runs import Run
from core.training.workspace import Workspace, default_workspace


def add_to(parser: argparse.ArgumentParser) -> None:
    """Ask for one of the two, and where it lies."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("run", nargs="?", help="its name")
    which.add_argument("--crossval", help="name of a cross-validation")
    parser.add_argument("--workspace", type=Path, default=default_workspace())


def runs(options: argparse.Namespace) -> list[Run]:
    """The run, or the folds.

    Raises:
        RunError: There is no such run or cross-validation.
    """
    workspace = Workspace(options.workspace)
    if options.crossval:
        return workspace.crossval(options.crossval).runs()
    return [workspace.run(options.run)]


def parts(options: argparse.Namespace) -> tuple[str, ...]:
    """What none of them was trained on; of folds the test part, so that a scan counts once."""
    return ("test",) if options.crossval else HELD_OUT


def stages_with_model(run: Run) -> list[str]:
    """Of a run all that are finished; a fold keeps the model of its last stage alone."""
    return [stage for stage in run.finished_stages() if run.model_path(stage).is_file()]
