"""Any two stages side by side: their figures, the difference, and the scans that changed sides."""

import html
from functools import partial

import streamlit as st

from core.evaluation.changes import changes
from core.evaluation.keep import p_value
from core.evaluation.results import Comparison, Difference, HeldOut, Pair
from core.reporting.figures import changes_matrix, confusion_matrices
from core.training.runs import Run
from dashboard import resources, state
from dashboard.components import cases, chart, metrics_table, part_picker, words

TESTED = ("accuracy", "auc", "loss")
CHANGED = ("made wrong", "put right", "wrong in both")


def show(run: Run, comparison: Comparison) -> None:
    """Choose two stages; see what came of the scans between them."""
    part, first, second = _choose(comparison)
    stages = [comparison.stage(name) for name in (first, second)]
    titles = {stage.name: stage.title for stage in stages}
    predictions = resources.predictions(run)
    table = changes(predictions[first], predictions[second], comparison.positive)
    table = table[table["split"] == part].rename(columns={"first": first, "second": second})
    left, right = st.columns([1.6, 1], gap="large", vertical_alignment="bottom")
    with left:
        both = comparison.model_copy(update={"stages": stages})
        figure = chart.drawn(
            run, ("two-matrices", part, first, second), partial(confusion_matrices, both, part)
        )
        width = chart.matrices_width(both)
        chart.show(figure, "two-matrices", "Confusion matrices of the two stages", width)
    with right:
        classes = comparison.negative, comparison.positive
        figure = chart.drawn(
            run,
            ("changes", part, first, second),
            partial(
                changes_matrix,
                table,
                titles[first],
                titles[second],
                classes,
                mark=comparison.mark,
            ),
        )
        chart.show(figure, "changes", "How each cell of the confusion matrix changed")
    _table(comparison, first, second, part)
    counts = table["change"].value_counts()
    some = next((name for name in CHANGED if counts.get(name, 0)), CHANGED[0])
    change = st.segmented_control(
        "Scans",
        CHANGED,
        default=some,
        required=True,
        format_func=str.capitalize,
        key=state.CHANGE,
        bind="query-params",
    )
    name = f"{first}-{second}-{part}-{change}"
    cases.show(run, table[table["change"] == change], titles, name, worst_at=second)


def _choose(comparison: Comparison) -> tuple[HeldOut, str, str]:
    titles = {stage.name: stage.title for stage in comparison.stages}
    names = list(titles)
    place, one, other = st.columns([1.2, 1, 1], gap="medium", vertical_alignment="bottom")
    with place:
        part = part_picker.show()
    earlier = names[:-1]
    first = one.selectbox(
        "Stage",
        earlier,
        format_func=lambda name: titles[name],
        key=state.FIRST,
        bind="query-params",
    )
    later = names[names.index(first) + 1 :]
    second = other.selectbox(
        "against",
        later,
        index=len(later) - 1,
        format_func=lambda name: titles[name],
        key=state.SECOND,
        bind="query-params",
    )
    return part, first, second


def _table(comparison: Comparison, first: str, second: str, part: HeldOut) -> None:
    pair = comparison.pair(first, second, part)
    stages = [comparison.stage(name) for name in (first, second)]
    rows = ""
    for name, label in metrics_table.FIGURES.items():
        cells = "".join(metrics_table.figure(stage, part, name) for stage in stages)
        tested: Difference | None = getattr(pair, name) if name in TESTED else None
        one, other = (getattr(getattr(stage, part), name) for stage in stages)
        rows += f"<tr><th>{label}</th>{cells}{_difference(name, one, other, tested)}</tr>"
    head = "".join(f"<th>{html.escape(stage.title)}</th>" for stage in stages)
    st.html(
        f'<table class="numbers pair"><thead><tr><th></th>{head}<th>Difference</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
    st.caption(_sides(pair))


def _difference(
    name: str, first: float | None, second: float | None, tested: Difference | None
) -> str:
    if first is None or second is None:
        return "<td>–</td>"
    share = name in metrics_table.SHARES
    detail = []
    if tested is not None and tested.interval is not None:
        detail.append(" to ".join(_signed(edge, share) for edge in tested.interval))
    if tested is not None and tested.p is not None:
        detail.append(html.escape(p_value(tested.p)))
    points = " points" if share else ""
    change = _signed(second - first, share) + points
    return f"<td>{change}<small>{', '.join(detail)}</small></td>"


def _signed(number: float, share: bool) -> str:
    return words.signed(100 * number, 1) if share else words.signed(number, 3)


def _sides(pair: Pair) -> str:
    return (
        f"Of {pair.n} scans {pair.gained} were put right and {pair.lost} made wrong. "
        "Accuracy: McNemar's exact test; AUC: DeLong's (both by group, where groups hold more than "
        "two scans on average); loss: sign flips by group. "
        "p is not corrected for the number of pairs you look at."
    )
