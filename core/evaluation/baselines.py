"""Whether a stage is worth its trouble: held against simple methods, on test.

Test, not validation, because each stage's checkpoint was picked by validation loss: there the
network has an advantage that no baseline had. For each figure the opponent is the baseline that
is best at it on test. Choosing it there is hindsight in the baselines' favour, so it can hide an
advantage of the network but never make one up.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from core.errors import RunError
from core.evaluation.changes import KEYS
from core.evaluation.keep import p_value
from core.evaluation.metrics import auc as area
from core.evaluation.pairs import accuracy_difference, ranking_difference
from core.evaluation.parts import PartView, part_views
from core.evaluation.results import BaselineResult, Beats, Margin, Part
from core.evaluation.significance import ALPHA, holm
from core.training.baselines import BASELINES
from core.training.runs import Run

Figure = Literal["accuracy", "auc"]
FIGURES: tuple[Figure, ...] = get_args(Figure)
Views = Mapping[str, Mapping[Part, PartView]]


def baseline_views(run: Run) -> dict[str, dict[Part, PartView]]:
    """The baselines of a run, in the order of `BASELINES`; empty for a run that has none."""
    found = {b.name: run.baseline_predictions(b.name) for b in BASELINES}
    return {name: part_views(run, rows) for name, rows in found.items() if rows is not None}


def baseline_results(views: Views) -> list[BaselineResult]:
    """Figures with their intervals."""
    titles = {baseline.name: baseline.title for baseline in BASELINES}
    return [
        BaselineResult(
            name=name,
            title=titles[name],
            validation=parts["validation"].result(),
            test=parts["test"].result(),
        )
        for name, parts in views.items()
    ]


def hold_against(stages: Mapping[str, tuple[str, PartView]], views: Views) -> dict[str, Beats]:
    """What each stage is worth beside the baselines.

    A stage beats them when it is behind in neither accuracy nor AUC and measurably ahead in
    one, and does not when it is ahead in neither or measurably behind in one; p-values are
    corrected by Holm's method for both figures of all stages.

    Args:
        stages: Title and test part of each stage, by its name.
        views: The baselines.

    Returns:
        By the name of the stage; empty without baselines or without test pictures.

    Raises:
        RunError: A baseline has predicted other pictures than a stage.
    """
    opponents = {name: parts["test"] for name, parts in views.items()}
    if not opponents or not all(len(view.rows) for _, view in stages.values()):
        return {}
    margins: dict[tuple[str, Figure], Margin] = {}
    for name, (_, view) in stages.items():
        for opponent, other in opponents.items():
            if not view.rows[KEYS].equals(other.rows[KEYS]):
                raise RunError(
                    "baselines to have predicted the pictures that every stage has",
                    f"{opponent} and {name} differ in their test part",
                    "Train the first stage anew.",
                )
        for figure in FIGURES:
            best = max(opponents, key=lambda o: _value(opponents[o], figure) or 0.0)
            margins[name, figure] = _margin(figure, best, opponents[best], view)
    corrected = holm([margin.p for margin in margins.values()])
    margins = {
        key: margin.model_copy(update={"p_holm": p})
        for (key, margin), p in zip(margins.items(), corrected, strict=True)
    }
    return {
        name: _judge(title, view, margins[name, "accuracy"], margins[name, "auc"], opponents)
        for name, (title, view) in stages.items()
    }


def _margin(figure: Figure, name: str, baseline: PartView, stage: PartView) -> Margin:
    compare = accuracy_difference if figure == "accuracy" else ranking_difference
    found = compare(baseline, stage)
    return Margin(baseline=name, value=found.value, interval=found.interval, p=found.p)


def _judge(
    title: str, stage: PartView, accuracy: Margin, auc: Margin, opponents: Mapping[str, PartView]
) -> Beats:
    margins = {"accuracy": accuracy, "AUC": auc}
    known = {name: m for name, m in margins.items() if m.value is not None}
    ahead = {name: m.p_holm for name, m in known.items() if (m.value or 0) > 0}
    behind = {name: m.p_holm for name, m in known.items() if (m.value or 0) < 0}
    against = _against(stage, accuracy, auc, opponents)
    gains = {name: p for name, p in ahead.items() if p is not None}
    better = _measurable(ahead)
    verdict: Literal["beats", "no measurable difference", "does not beat"]
    if not ahead:
        verdict, words = "does not beat", f"does not beat {against}."
    elif worse := _measurable(behind):
        verdict, words = "does not beat", f"does not beat {against}: it is behind in {worse}."
    elif better and not behind:
        verdict = "beats"
        words = f"beats the best simple baseline, {against}; {p_value(min(gains.values()))}."
    elif better:
        verdict = "no measurable difference"
        words = (
            f"is ahead in {better}, but behind in {' and '.join(behind)} by what may be chance: "
            f"{against}."
        )
    else:
        verdict = "no measurable difference"
        chance = p_value(min(gains.values())) if gains else "too few scans to tell"
        words = (
            f"is not measurably better than {against}: what it has gained may be chance ({chance})."
        )
    return Beats(verdict=verdict, accuracy=accuracy, auc=auc, words=f"On test {title} {words}")


def _measurable(figures: Mapping[str, float | None]) -> str:
    """Those that chance hardly explains, each with its p-value, as a clause; empty for none."""
    found = [f"{name} ({p_value(p)})" for name, p in figures.items() if p is not None and p < ALPHA]
    return " and ".join(found)


def _against(
    stage: PartView, accuracy: Margin, auc: Margin, opponents: Mapping[str, PartView]
) -> str:
    """`logistic regression on frozen features (accuracy 84.4 % against 86.7 %, AUC …)`."""
    ours, theirs = stage.right.mean(), opponents[accuracy.baseline].right.mean()
    said = {accuracy.baseline: f"accuracy {100 * ours:.1f} % against {100 * theirs:.1f} %"}
    ours, theirs = (_value(view, "auc") for view in (stage, opponents[auc.baseline]))
    if ours is not None and theirs is not None:
        same = f"{said[auc.baseline]}, " if auc.baseline in said else ""
        said[auc.baseline] = f"{same}AUC {ours:.2f} against {theirs:.2f}"
    return " and ".join(f"{in_a_sentence(name)} ({figures})" for name, figures in said.items())


def in_a_sentence(name: str) -> str:
    """The title of a baseline as it is written within a sentence."""
    title = next(b.title for b in BASELINES if b.name == name)
    return title if title[:2].isupper() else title[0].lower() + title[1:]


def _value(view: PartView, figure: Figure) -> float | None:
    if figure == "auc":
        return area(view.rows, view.positive)
    return float(view.right.mean())
