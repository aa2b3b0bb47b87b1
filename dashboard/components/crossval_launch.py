"""Setting up a cross-validation, beside the form of a new run."""

from pathlib import Path

import streamlit as st

from core.config import Protocol
from core.training import jobs
from dashboard import resources, state, survey
from dashboard.survey import Groups, Survey

FOLDS = 5
ONCE, FOLDED = "Once", f"{FOLDS}-fold cross-validation"


def seeds(protocol: Protocol) -> list[int]:
    """Ask whether to train once or to cross-validate, and how often.

    Returns:
        A seed for each repetition; empty to train once.
    """
    how = st.segmented_control(
        "How often",
        [ONCE, FOLDED],
        default=ONCE,
        required=True,
        key=state.HOW_OFTEN,
        persist_state="session",
        help="Cross-validation trains once for each fold of the scans, and asks each network "
        "about the fold that it has not met: every scan is tested.",
    )
    if how == ONCE:
        return []
    repetitions = st.number_input(
        "Repetitions",
        min_value=1,
        max_value=10,
        value=1,
        key=state.REPETITIONS,
        persist_state="session",
        help="The folds are dealt anew in each. More of them take the luck of one deal out of "
        "the figures; their intervals hardly change.",
    )
    return [protocol.seed + number for number in range(repetitions)]


def buttons(
    found: Survey,
    groups: Groups,
    protocol: Protocol,
    weights: Path | None,
    name: str | None,
    chosen: list[int],
) -> None:
    """Start it, and turn to its page."""
    everything = [stage.name for stage in protocol.stages]
    stages: list[str] = []
    if st.button("Cross-validate all five stages", type="primary", width="stretch"):
        stages = everything
    if st.button("Cross-validate the baseline only", width="stretch"):
        stages = everything[:1]
    st.caption("It can be stopped and resumed at any time, and queues behind other runs.")
    if stages:
        crossval = jobs.create_crossval(
            resources.workspace(),
            found.dataset,
            protocol,
            groups,
            folds=FOLDS,
            seeds=chosen,
            name=name,
            weights_path=weights,
            patients=survey.patients(),
        )
        jobs.start_crossval(crossval, stages)
        state.put(state.CROSSVAL, crossval.name)
        st.switch_page("views/crossval.py")
