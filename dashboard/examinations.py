"""An answered scan looked at more closely, in the background: see `core.examination`.

Each piece of work is known by all that decides its result, and its last few results are kept
with the session.
"""

import hashlib
from collections.abc import Hashable

from core.examination import StageView, examine, similar_cases
from core.explanation.evidence import Evidence
from core.explanation.similar import Case
from core.prediction import Prediction
from core.training.runs import Run
from dashboard import desk, resources
from dashboard.tasks import Report, Task
from dashboard.tray import Item

SIMILAR = 5
"""Cases of each class."""


def evidence(
    run: Run, item: Item, prediction: Prediction, method: str, *, full: bool
) -> Task[Evidence]:
    """What the map of an answer is worth."""
    predictor = resources.predictor(run, prediction.stage)

    def work(report: Report) -> Evidence:
        return examine(predictor, prediction, method, full=full, progress=report)

    return desk.examinations().start(_evidence_key(item, prediction, method, full), work)


def is_fully_examined(item: Item, prediction: Prediction, method: str) -> bool:
    """Whether the full evidence of a map was asked for and is not forgotten."""
    key = _evidence_key(item, prediction, method, True)
    return desk.examinations().find(key) is not None


def stages(
    run: Run, item: Item, prediction: Prediction, target: int | None, method: str
) -> Task[list[StageView]]:
    """How every finished stage saw the scan."""
    key = ("stages", resources.models(run), _scan_key(item, prediction), target, method)

    def work(report: Report) -> list[StageView]:
        report("Loading the models", 0, 0)
        together = resources.stages(run)
        report("Asking every stage", 0, 0)
        return together.see(prediction, target, method)

    return desk.examinations().start(key, work)


def similar(run: Run, item: Item, prediction: Prediction) -> Task[dict[str, list[Case]]]:
    """The nearest training scans of either class."""
    predictor = resources.predictor(run, prediction.stage)

    def work(report: Report) -> dict[str, list[Case]]:
        return similar_cases(predictor, prediction, SIMILAR, report)

    key = ("similar", prediction.model_sha256, _scan_key(item, prediction))
    return desk.examinations().start(key, work)


def _evidence_key(item: Item, prediction: Prediction, method: str, full: bool) -> Hashable:
    scan = _scan_key(item, prediction)
    return ("evidence", prediction.model_sha256, scan, prediction.target, method, full)


def _scan_key(item: Item, prediction: Prediction) -> Hashable:
    """Stands for the picture that was answered for."""
    scan = prediction.scan
    return item.key, hashlib.sha256(scan.pixels.tobytes()).hexdigest() if scan else None
