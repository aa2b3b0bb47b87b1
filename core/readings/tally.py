"""Readings counted: how often people agreed with each model, and how far beyond chance.

Whoever reads here has seen the network's answer first. That draws calls towards agreement, so
these figures say how the network is received, not how right it is.
"""

from collections.abc import Sequence

from pydantic import Field

from core.config import Frozen
from core.evaluation.agreement import kappa
from core.evaluation.intervals import Interval, wilson
from core.readings.log import Reading, current

CAUTION = (
    "Readers saw the network's answer before they called, which draws them towards it: this "
    "agreement is no measure of accuracy."
)


class Tally(Frozen):
    """The calls on the answers of one model that hold; superseded ones are not counted."""

    run: str = Field(description="the name that the model's run had at the last of them")
    stage: str
    model_sha256: str
    positive: str
    readings: int
    agree: int
    disagree: int
    unsure: int
    trained_on: int = Field(description="of the readings, on scans that the run was trained on")
    overridden: int = Field(description="of the readings, on answers that were given on demand")
    table: list[list[int]] = Field(
        description="reader by network, negative first; unsure calls are in none of its cells"
    )
    agreement: float | None = Field(description="share of agreement among decided calls")
    agreement_interval: Interval | None = Field(description="Wilson's")
    kappa: float | None
    kappa_interval: Interval | None


def tally(readings: Sequence[Reading]) -> list[Tally]:
    """One tally for each model, in the order in which they were first read.

    Args:
        readings: All lines of a log, superseded ones included.
    """
    # Not by run: its name may change, and another may have it by now.
    models: dict[tuple[str, str], list[Reading]] = {_model(reading): [] for reading in readings}
    for reading in current(readings):
        models[_model(reading)].append(reading)
    return [_tally(calls) for calls in models.values() if calls]


def disagreements(readings: Sequence[Reading]) -> list[Reading]:
    """Those calls that hold and disagree, the latest first."""
    return [reading for reading in reversed(current(readings)) if reading.call == "disagree"]


def _model(reading: Reading) -> tuple[str, str]:
    return reading.stage, reading.model_sha256


def _tally(calls: Sequence[Reading]) -> Tally:
    last = calls[-1]
    count = {call: sum(r.call == call for r in calls) for call in ("agree", "disagree", "unsure")}
    table = [[0, 0], [0, 0]]
    for reading in calls:
        if reading.call != "unsure":
            called = reading.label == reading.positive
            said = called == (reading.call == "agree")
            table[said][called] += 1
    decided = count["agree"] + count["disagree"]
    value, interval = kappa(table)
    return Tally(
        run=last.run,
        stage=last.stage,
        model_sha256=last.model_sha256,
        positive=last.positive,
        readings=len(calls),
        **count,
        trained_on=sum(reading.trained_on for reading in calls),
        overridden=sum(reading.overridden for reading in calls),
        table=table,
        agreement=count["agree"] / decided if decided else None,
        agreement_interval=wilson(count["agree"], decided),
        kappa=value,
        kappa_interval=interval,
    )
