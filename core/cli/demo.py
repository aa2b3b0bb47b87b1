"""`demo`: the whole way on simulated scans, from a data set to an explained scan."""

from typing import Annotated

import typer

from core.cli.examining import Examiner, Wanted
from core.cli.options import Json, WorkspaceFolder, workspace_at
from core.cli.predict import answers_json, ask, show_answers
from core.cli.results import show
from core.cli.sources import Source
from core.cli.terminal import answer, answers, note, progress_bars
from core.cli.watching import attend
from core.data.demo import samples
from core.evaluation.comparison import compare
from core.prediction import Predictor
from core.training.demonstration import start_demonstration


def demo(
    name: Annotated[
        str | None, typer.Option("--run", metavar="NAME", help="Name of the new run.")
    ] = None,
    workspace: WorkspaceFolder = None,
    as_json: Json = False,
) -> int:
    """Try everything on simulated scans.

    Makes them, trains all five stages on them small, and explains a few more.

    It takes a few minutes and needs no network; without ImageNet weights VGG19 starts from
    random values, and says so.
    """
    where = workspace_at(workspace)
    with progress_bars() as progress:
        run = start_demonstration(where, name=name, progress=progress)
    note(f"Run '{run.name}' in {run.path}")
    ended = attend(run, where)
    if ended:
        return ended
    comparison = compare(run)
    predictor = Predictor(run, comparison.stages[-1].name)
    folder = run.path / "explained"
    examiner = Examiner(predictor, Wanted())
    results = [
        record
        for scan in samples(where.demonstration)
        for record in ask(examiner, Source.of(scan), folder / scan.stem)
    ]
    if as_json:
        weights = run.config.weights
        answer(
            {
                "run": run.name,
                "weights": weights.source if weights else None,
                "comparison": comparison.model_dump(mode="json"),
                "predictions": answers_json(predictor, results),
            }
        )
        return 0
    show(comparison)
    answers.print("\nScans that the network has not met:\n")
    show_answers(results)
    return 0
