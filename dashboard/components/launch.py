"""Setting up a new run: protocol, stages, weights, and what they will cost."""

import os
from pathlib import Path
from typing import Literal

import pandas as pd
import streamlit as st

from core.config import Protocol, Stage
from core.data.duplicates import known_to_validation, leakage
from core.model.architecture import in_short, trainable_parameters
from core.model.weights import kept_by_keras, offline
from core.storage import typed
from core.training import jobs
from core.training.hardware import expected_seconds
from dashboard import resources, state, survey
from dashboard.components import crossval_launch, data_set, reading, shell, stage_track
from dashboard.components.words import count, duration, plain
from dashboard.survey import Groups, Survey

Labels = Literal["visible", "collapsed"]
COLUMNS = [1.1, 2.3, 2.2, 1.2, 1.5, 1.2, 1.5]
HEADINGS = ["Stage", "What trains", "", "Parameters", "Learning rate", "Epochs", "Steps an epoch"]


def show() -> None:
    """The form of a new run; without scans, the way to them."""
    folder = survey.folder()
    found = folder and survey.settled(reading.wait_for(survey.task_for(folder), "Reading scans"))
    if found:
        form(found)
        return
    shell.empty(
        "Which scans?",
        "Choose a folder of scans and say which class is the positive one. Protocol, stages "
        "and what they cost are then set here.",
        "views/data.py",
        "Choose scans",
    )


def form(found: Survey) -> None:
    """Protocol, stages and settings at the left; cost and the two buttons at the right."""
    setting, cost = st.columns([2.6, 1], gap="large")
    with setting:
        protocol = data_set.protocol_choice()
        with st.container(border=True):
            protocol = stage_table(protocol)
        weights, name = more_settings()
    with cost:
        copies = reading.wait_for(survey.copies_of(found), "Before the split")
        groups = survey.groups(found, copies)
        table = data_set.plan(found, groups, protocol)
        seeds = crossval_launch.seeds(protocol)
        expectation(table, protocol, times=crossval_launch.FOLDS * len(seeds) if seeds else 1)
        data_set.contradictions(found, copies)
        everything = [stage.name for stage in protocol.stages]
        if seeds:
            crossval_launch.buttons(found, groups, protocol, weights, name, seeds)
            facts(found, table, weights)
            return
        allowed = gate(found, table, protocol)
        st.button(
            "Train all five stages",
            key="train-all",
            type="primary",
            width="stretch",
            disabled=not allowed,
            on_click=shell.act,
            args=[begin, found, groups, protocol, weights, name, everything, allowed],
        )
        st.button(
            "Train the baseline only",
            key="train-first",
            width="stretch",
            disabled=not allowed,
            on_click=shell.act,
            args=[begin, found, groups, protocol, weights, name, everything[:1], allowed],
        )
        st.caption(
            "Training goes on when you close this page or restart NeuroStage. "
            "A run that has to wait for another one queues."
        )
        facts(found, table, weights)


def stage_table(protocol: Protocol) -> Protocol:
    """The stages of a protocol with settings that can be changed; returns it so changed."""
    for column, heading in zip(st.columns(COLUMNS), HEADINGS, strict=True):
        column.caption(heading)
    for stage in protocol.stages:
        protocol = protocol.with_stage(stage.name, **_row(protocol, stage))
    return protocol


def _row(protocol: Protocol, stage: Stage) -> dict[str, object]:
    """One stage of the table; returns its settings."""
    cells = st.columns(COLUMNS, vertical_alignment="center")
    cells[0].markdown(f"**{stage.title}**")
    cells[1].image(stage_track.drawing(stage), width="stretch", alt=stage_track.trains(stage))
    cells[2].caption(stage_track.trains(stage))
    cells[3].markdown(in_short(trainable_parameters(protocol, stage)))
    prefix = f"new-{protocol.name}-{stage.name}"
    with cells[4]:
        rate = learning_rate(stage, f"{prefix}-rate")
    with cells[5]:
        epochs = epoch_count(stage, f"{prefix}-epochs")
    with cells[6]:
        steps = step_count(stage, f"{prefix}-steps")
    return {"learning_rate": rate, "epochs": epochs, "steps_per_epoch": steps}


def learning_rate(stage: Stage, key: str, label: Labels = "collapsed") -> float:
    """A field for the learning rate of a stage."""
    return st.number_input(
        f"Learning rate of {stage.title}" if label == "collapsed" else "Learning rate",
        min_value=min(1e-9, stage.learning_rate),
        max_value=max(1.0, stage.learning_rate),
        value=stage.learning_rate,
        format="%.1e",
        step=stage.learning_rate / 10,
        key=key,
        label_visibility=label,
        persist_state="session",
    )


def epoch_count(stage: Stage, key: str, label: Labels = "collapsed") -> int:
    """A field for the largest number of epochs of a stage."""
    return st.number_input(
        f"Epochs of {stage.title}" if label == "collapsed" else "Epochs at most",
        min_value=1,
        max_value=max(1000, stage.epochs),
        value=stage.epochs,
        key=key,
        label_visibility=label,
        persist_state="session",
    )


def step_count(stage: Stage, key: str, label: Labels = "collapsed") -> int | None:
    """A field for the steps an epoch of a stage; empty means every picture once."""
    return st.number_input(
        f"Steps an epoch of {stage.title}" if label == "collapsed" else "Steps an epoch",
        min_value=1,
        value=stage.steps_per_epoch,
        placeholder="all",
        key=key,
        label_visibility=label,
        persist_state="session",
    )


def more_settings() -> tuple[Path | None, str | None]:
    """Weights file and name of the run, for those who want to decide them."""
    with st.expander("Weights and name"):
        path = st.text_input(
            "Weights file of VGG19",
            key=state.WEIGHTS,
            placeholder="Found by itself",
            persist_state="session",
            help="ImageNet weights without the top, as Keras stores them. Left empty: the file "
            "that VGG19_WEIGHTS names, else the one that Keras keeps or downloads.",
        )
        name = st.text_input(
            "Name of the run", key=state.NEW_RUN, placeholder="Protocol, date and a number"
        )
    return (typed(path) if path else None), name or None


def expectation(table: pd.DataFrame, protocol: Protocol, times: int) -> None:
    """How long all stages will take at most on this computer, given the planned split."""
    train = int((table["split"] == "train").sum())
    seconds = times * expected_seconds(
        protocol, protocol.stages, train, len(table), resources.pace()
    )
    st.metric(
        "All stages, at most",
        duration(seconds),
        help="From the arithmetic of the stages and the pace of this computer. Early stopping "
        "may end a stage sooner.",
    )


def gate(found: Survey, table: pd.DataFrame, protocol: Protocol) -> bool:
    """Whether the planned split may be trained on: it does not leak, or that was accepted.

    To choose a protocol that keeps no copies together is to accept what it leaks.
    """
    if not (any(leakage(table).values()) or known_to_validation(table)):
        return True
    st.warning(data_set.leak(table), icon=":material/warning:")
    if protocol.split.unit != "group":
        st.caption("Every result of this run will be marked as leaky.")
        return True
    accepted = st.checkbox(
        "Train on this leaky split all the same",
        key=f"{state.ACCEPT_LEAK}-{found.key}-{protocol.name}",
    )
    st.caption(
        "What it costs: the figures measure memory, so they cannot tell how well a stage does "
        "with scans it has not met, nor which stage does best. Every one of them will be marked "
        "as leaky. Merge the parts into one folder to have it split anew."
    )
    return accepted


def facts(found: Survey, table: pd.DataFrame, weights: Path | None) -> None:
    """What goes in, and on what computer."""
    parts = table["split"].value_counts()
    machine = resources.hardware()
    rows = {
        "Data": plain(found.dataset.root.name),
        "Pictures": f"{parts['train']:,} train, {parts['validation']:,} val., "
        f"{parts['test']:,} test",
        "Weights": where_from(weights),
        "Processor": f"{plain(machine.processor)}, {count(machine.cores, 'core')}",
        "Graphics": plain(machine.graphics) if machine.graphics else "none found",
        "Memory": f"{machine.memory_free / 1e9:.0f} of {machine.memory / 1e9:.0f} GB free",
        "Disk": f"{machine.disk_free / 1e9:.0f} GB free",
    }
    with st.container(gap="xsmall", key="facts"):
        for name, value in rows.items():
            left, right = st.columns([1, 2.4], gap="xsmall")
            left.caption(name)
            right.markdown(value)


def where_from(weights: Path | None) -> str:
    """Where VGG19 will start from, as far as that can be told without trying."""
    if weights is not None:
        return plain(weights.name)
    if named := os.environ.get("VGG19_WEIGHTS"):
        return plain(Path(named).name)
    if kept_by_keras():
        return "ImageNet, kept by Keras"
    if offline():
        return ":orange[random values]: offline, no weights"
    return "downloaded at the start (80 MB)"


def begin(
    found: Survey,
    groups: Groups,
    protocol: Protocol,
    weights: Path | None,
    name: str | None,
    stages: list[str],
    accept_leak: bool,
) -> None:
    """Make the run, start it and turn to it; for callbacks."""
    run = jobs.create_run(
        resources.workspace(),
        found.dataset,
        protocol,
        groups,
        name=name,
        weights_path=weights,
        patients=survey.patients(),
        accept_leak=accept_leak,
    )
    jobs.start(run, stages)
    state.put(state.RUN, run.name)
    state.put(state.TRAIN_TAB, "Run in use")
    state.put(state.NEW_RUN, None)
