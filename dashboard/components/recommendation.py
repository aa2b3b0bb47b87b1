"""Which stage to keep, why, and what its figures are: the first thing to read."""

import html

import streamlit as st

from core.evaluation.results import Beats, Comparison, PartResult
from dashboard.components import metrics_table

HEADLINE = ("accuracy", "sensitivity", "specificity", "auc")


def show(comparison: Comparison) -> None:
    """The recommendation with its reason, the kept stage's test figures, the caveat."""
    keep = comparison.keep
    left, right = st.columns([1.15, 1], gap="large")
    with left, st.container(gap=None, key="keep"):
        if keep.stage is None:
            st.subheader("No stage can be recommended", anchor=False)
        else:
            st.subheader(f"Keep {comparison.stage(keep.stage).title}", anchor=False)
        if comparison.mark:
            with st.container(key="mark"):
                st.markdown(f":material/warning: **{comparison.mark}**")
        st.markdown(keep.reason)
        if keep.stage is not None:
            _against_baselines(comparison.stage(keep.stage).beats)
        if comparison.caveat:
            with st.container(key="caveat"):
                st.markdown(f":material/warning: {comparison.caveat}")
    if keep.stage is not None:
        with right:
            _figures(comparison.stage(keep.stage).title, comparison.stage(keep.stage).test)
            st.caption(f"{keep.overfitting} {keep.others}".strip())


def _against_baselines(beats: Beats | None) -> None:
    if beats is None:
        return
    if beats.verdict == "beats":
        st.markdown(beats.words)
    else:
        with st.container(key="not-beaten"):
            st.markdown(f":material/warning: {beats.words}")


def _figures(title: str, test: PartResult) -> None:
    cells = "".join(
        f"<div><dt>{html.escape(metrics_table.FIGURES[name])}</dt>"
        f"<dd>{metrics_table.value(name, getattr(test, name))}"
        f"<small>{metrics_table.interval(name, test.intervals.get(name))}</small></dd></div>"
        for name in HEADLINE
    )
    pictures = f"{test.n} scans" if test.n == test.groups else f"{test.n} pictures"
    st.html(
        f'<section class="figures"><p>{html.escape(title)} on the test part, {pictures}, '
        f"with 95 % intervals</p><dl>{cells}</dl></section>"
    )
