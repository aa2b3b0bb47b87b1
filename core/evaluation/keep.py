"""Which stage to keep, and why, in words.

The rule is the one-standard-error rule of Breiman, Friedman, Olshen & Stone (1984) with a test
in place of the standard error: the earliest stage whose validation loss is not significantly
worse than the lowest. Fewer layers trained is less to go wrong on the next hospital's scans.
The test part has no say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.evaluation.intervals import Interval
from core.evaluation.results import Effect, Gap, Keep, PartResult
from core.evaluation.significance import ALPHA

FEW = 100
"""Below so many independent scans only a large difference can show; it is then said."""


@dataclass(frozen=True)
class Candidate:
    """A stage that could be kept.

    Attributes:
        name: Of the stage.
        title: For people.
        validation: Its figures.
        gap: Its overfitting.
        effect: Against the stage before.
    """

    name: str
    title: str
    validation: PartResult
    gap: Gap
    effect: Effect


def choose(
    candidates: Sequence[Candidate], p_values: Mapping[tuple[str, str], float | None]
) -> Keep:
    """Pick one and say why.

    Args:
        candidates: In the order of training.
        p_values: Of the difference in validation loss of every two, by their names, the
            earlier first; corrected for their number. The very ones that are shown, so that
            the choice and the table cannot disagree.
    """
    known = [c for c in candidates if c.validation.loss is not None]
    if not known:
        return Keep(stage=None, reason="Without validation scans no stage can be preferred.")
    best = min(known, key=_loss)
    earlier = [(c, p_values[c.name, best.name]) for c in known[: known.index(best)]]
    kept, p = next(
        ((c, p) for c, p in earlier if p is None or p >= ALPHA),
        (best, None),
    )
    reason = (
        _best_is_kept(best, known)
        if kept is best
        else _earlier_is_kept(kept, best, p, kept is known[0])
    )
    if kept is not known[0]:
        reason += " " + _gain(known[0], kept)
    others = [c for c in known if c is not kept]
    idle = [c for c in others if c.effect == "no measurable change"]
    worse = [c for c in others if c.effect == "worse"]
    return Keep(
        stage=kept.name,
        reason=reason,
        overfitting=in_words(kept.gap),
        did_not_help=[c.name for c in others if c in idle + worse],
        others=_others(idle, worse),
    )


def in_words(gap: Gap) -> str:
    """How much of what was learnt is memory, in a sentence."""
    if gap.accuracy is None or gap.loss is None:
        return ""
    interval = gap.intervals.get("loss")
    if interval is None or interval[0] <= 0:
        return "No measurable overfitting: training loss is not clearly below validation loss."
    memory = f"on scans it was trained on, the loss is {number(gap.loss)} lower ({span(interval)})"
    if gap.accuracy > 0:
        memory += f" and accuracy {100 * gap.accuracy:.1f} points higher"
    return f"Some of what it knows is memory: {memory}."


def effect_of(difference: float | None, p: float | None) -> Effect:
    """What a change of validation loss amounts to."""
    if difference is None or p is None or p >= ALPHA:
        return "no measurable change"
    return "better" if difference < 0 else "worse"


def note(effect: Effect, difference: float | None, interval: Interval | None) -> str:
    """The effect of a stage on validation loss, in a sentence."""
    if effect == "start":
        return "Where the comparison starts."
    if difference is None:
        return "It cannot be compared with the stage before."
    way = "fell" if difference < 0 else "rose"
    change = f"validation loss {way} by {number(abs(difference))}"
    # The interval of this change taken alone; p is of all changes together, and may not agree.
    if interval is not None and effect != "no measurable change":
        low, high = sorted(abs(edge) for edge in interval)
        change += f" ({number(low)} to {number(high)})" if interval[0] * interval[1] > 0 else ""
    if effect == "better":
        return f"It helped: {change}."
    if effect == "worse":
        return f"It made things worse: {change}."
    return f"No measurable gain: {change}, which may be chance."


def number(value: float) -> str:
    """A loss for reading: two decimals, three below 0.1."""
    return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.2f}"


def span(interval: Interval) -> str:
    """An interval for reading."""
    return f"{number(interval[0])} to {number(interval[1])}"


def p_value(p: float) -> str:
    """A p-value for reading."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def _loss(candidate: Candidate) -> float:
    loss = candidate.validation.loss
    return float("inf") if loss is None else loss


def _best_is_kept(best: Candidate, known: Sequence[Candidate]) -> str:
    interval = best.validation.intervals.get("loss")
    value = number(_loss(best)) + (f", {span(interval)}" if interval else "")
    sentence = f"{best.title} has the lowest validation loss ({value})"
    if len(known) == 1:
        return sentence + ", and is the only stage so far."
    if best is known[0]:
        return sentence + ": training more layers brought no gain."
    return sentence + ", and every earlier stage is measurably worse."


def _earlier_is_kept(kept: Candidate, best: Candidate, p: float | None, first: bool) -> str:
    part = kept.validation
    chance = f" ({p_value(p)})" if p is not None else ""
    reason = (
        f"{kept.title} is enough. The lowest validation loss is {best.title}'s, "
        f"{number(_loss(best))} against {number(_loss(kept))}, and on {_count(part)} that "
        f"difference may be chance{chance}."
    )
    if not first:
        reason += " The stages before it are measurably worse than that."
    if part.groups < FEW:
        reason += " With so few scans only a large difference would show."
    return reason


def _others(idle: Sequence[Candidate], worse: Sequence[Candidate]) -> str:
    said = []
    if idle:
        said.append(f"{_titles(idle)} brought no measurable gain over the stage before.")
    if worse:
        said.append(f"{_titles(worse)} made validation loss measurably worse.")
    return " ".join(said)


def _titles(candidates: Sequence[Candidate]) -> str:
    *first, last = (candidate.title for candidate in candidates)
    return f"{', '.join(first)} and {last}" if first else last


def _gain(first: Candidate, kept: Candidate) -> str:
    (tn_before, _), (_, tp_before) = first.validation.confusion
    (tn, _), (_, tp) = kept.validation.confusion
    more = tn + tp - tn_before - tp_before
    right = (
        f"{more} more called right"
        if more > 0
        else f"{-more} fewer called right"
        if more < 0
        else "as many called right"
    )
    return (
        f"Against {first.title}, loss went from {number(_loss(first))} to "
        f"{number(_loss(kept))}, with {right} of {kept.validation.n}."
    )


def _count(part: PartResult) -> str:
    if part.groups == part.n:
        return f"{part.n} scans"
    return f"{part.n} pictures ({part.groups} of them independent)"
