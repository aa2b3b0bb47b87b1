"""A run in one line, for a list of many: cheap to make, and dated so that it can be kept.

The figures are those that `comparison` gives as well, with the same intervals; what needs
resampling is left to it.
"""

from collections.abc import Sequence

import numpy as np

from core.config import Frozen
from core.evaluation.groups import grouped
from core.evaluation.intervals import GroupBootstrap, Interval
from core.evaluation.mark import mark_of
from core.evaluation.metrics import THRESHOLD, Truth, probability, truth
from core.training.runs import Run


class Share(Frozen):
    """A share of the test pictures; none when there are none to count."""

    value: float | None
    interval: Interval | None

    @classmethod
    def of(cls, right: Truth, among: Truth, bootstrap: GroupBootstrap) -> "Share":
        """The share that is right among some pictures (see `GroupBootstrap.share`)."""
        value = float(right[among].mean()) if among.any() else None
        return cls(value=value, interval=bootstrap.share(right, among))


class Overview(Frozen):
    """What a list says of a run. The figures are those of the last finished stage on test."""

    protocol: str
    data: str
    created: str
    stages: int
    finished: tuple[str, ...]
    reached: str | None
    accuracy: Share
    sensitivity: Share
    specificity: Share
    seconds: float
    mark: str | None


def overview(run: Run) -> Overview:
    """The run in one line.

    Returns:
        `protocol` and `reached` (the last finished stage) by their titles, `data` as the name
        of the folder of scans, `created` as an ISO date, `seconds` spent on the epochs on
        record.

    Raises:
        RunError: Its configuration cannot be read.
    """
    config, finished = run.config, run.finished_stages()
    right = is_positive = np.zeros(0, bool)
    group: Sequence[str] = ()
    if finished:
        predictions = run.predictions(finished[-1])
        tested = grouped(run, predictions[predictions["split"] == "test"])
        is_positive = truth(tested, config.data.positive)
        right = (probability(tested) >= THRESHOLD) == is_positive
        group = tested["group"].tolist()
    bootstrap = GroupBootstrap.of(group, seed=config.protocol.seed)
    return Overview(
        protocol=config.protocol.title,
        data=config.data.folder,
        created=config.created,
        stages=len(config.protocol.stages),
        finished=tuple(finished),
        reached=config.protocol.stage(finished[-1]).title if finished else None,
        accuracy=Share.of(right, np.ones_like(right), bootstrap),
        sensitivity=Share.of(right, is_positive, bootstrap),
        specificity=Share.of(right, ~is_positive, bootstrap),
        seconds=run.seconds_trained,
        mark=mark_of(run),
    )


def dated(run: Run) -> tuple[tuple[str, int], ...]:
    """The files that an overview rests on with their times: the same times, the same overview."""
    files = [run.path / name for name in ("config.json", "split.csv", "history.csv")]
    files += sorted(run.path.glob("stages/*/metrics.json"))
    return tuple(
        (file.relative_to(run.path).as_posix(), file.stat().st_mtime_ns)
        for file in files
        if file.is_file()
    )


def pictures_tested(run: Run) -> frozenset[str]:
    """What the run was tested on, by content, or by file where that is not on record.

    Of an augmented picture, the picture that it was made of.
    """
    split = run.split()
    tested = split[split["split"] == "test"]
    if "sha256" not in tested:
        return frozenset(tested["file"])
    known = tested["sha256"].notna()
    return frozenset(tested["sha256"].astype(object).where(known, tested["file"]))
