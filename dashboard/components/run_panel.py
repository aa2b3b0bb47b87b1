"""A run as it trains: where it is, its stages, its curves, its log."""

import re
from functools import partial

import psutil
import streamlit as st

from core.config import Stage
from core.evaluation.metrics import Summary
from core.evaluation.percent import percent
from core.model.architecture import in_short, trainable_parameters
from core.training import jobs
from core.training.runs import Run, RunStatus
from dashboard import resources
from dashboard.components import chart, job_panel, launch, shell, stage_track
from dashboard.components.training_line import headline, progress
from dashboard.components.words import duration, plain

LOG_BYTES = 16_000
TALK = re.compile(r"[IWE]\d{4} \d\d:|WARNING: All log messages before absl")
PROGRESS_SECONDS, COURSE_SECONDS = 1.0, 5.0
"""How often a page looks. An epoch takes longer than a batch, and curves are heavy to draw."""


def show(run: Run) -> None:
    """The run, followed for as long as it is at work."""
    active = run.status.active
    st.fragment(_progress, run_every=PROGRESS_SECONDS if active else None)(run.name, active)
    st.fragment(_course, run_every=COURSE_SECONDS if active else None)(run.name)


def _progress(name: str, was_active: bool) -> None:
    with shell.problems():
        run = resources.workspace().run(name)
        status = run.status
        if status.active != was_active:
            st.rerun()
        job_panel.where_it_is(
            status,
            headline(run, status),
            progress(run, status),
            details(run, status),
            partial(action, run, status),
        )
        stages(run, status)


def _course(name: str) -> None:
    with shell.problems():
        run = resources.workspace().run(name)
        curves(run)
        with st.expander("Log"):
            st.code(log_tail(run), language=None, height=260)


def details(run: Run, status: RunStatus) -> str:
    """Time left, speed and memory; or how far the run has come."""
    if not status.active:
        done = len(run.finished_stages())
        return f"{done} of {len(run.protocol.stages)} stages trained"
    if status.state == "queued":
        workspace = resources.workspace()
        others: list[jobs.Job] = [*workspace.runs(), *workspace.crossvals()]
        ahead = next((job for job in others if job.status.state == "running"), None)
        if ahead is None:
            return "One moment"
        what = f"{ahead.kind.capitalize()} {plain(ahead.name)}"
        return f"{what} trains now; this one follows by itself."
    if status.activity != "Training":
        return f"{status.step:,} of {status.steps:,}" if status.steps > 1 else "One moment"
    facts = [
        f"at most {duration(status.stage_seconds_left)} left in this stage",
        f"{duration(status.run_seconds_left)} in the run",
    ]
    if status.pictures_per_second:
        facts.append(f"{status.pictures_per_second:.0f} pictures/s")
    if memory := _memory(status):
        facts.append(f"{memory / 1e9:.1f} GB of memory")
    return " · ".join(facts)


def action(run: Run, status: RunStatus) -> None:
    """The one thing to do with the run as it is."""
    if status.active:
        job_panel.button("Stop training", jobs.stop, run, disabled=run.stop_request.exists())
    elif status.requested:
        job_panel.button("Resume", jobs.resume, run, primary=True)
    elif len(run.finished_stages()) < len(run.protocol.stages):
        rest = "Train the rest" if run.finished_stages() else "Train all stages"
        job_panel.button(rest, jobs.start, run, primary=True)
    elif st.button("Compare stages", type="primary", width="stretch", key="compare"):
        st.switch_page("views/compare.py")


def stages(run: Run, status: RunStatus) -> None:
    """One card a stage: what trains, what came out, and training it (again)."""
    finished = run.finished_stages()
    columns = st.columns(len(run.protocol.stages), gap="small")
    before: float | None = None
    for column, stage in zip(columns, run.protocol.stages, strict=True):
        done = stage.name in finished
        now = "-now" if status.active and status.stage == stage.name else ""
        key = f"stage-{stage.name}{now}"
        with column.container(border=True, height=184, key=key, gap="xsmall"):
            with st.container(
                horizontal=True,
                horizontal_alignment="distribute",
                vertical_alignment="center",
                key=f"title-{stage.name}",
            ):
                st.markdown(f"**{stage.title}**")
                if not status.active and _has_foundation(run, stage, finished):
                    _train_one(run, stage, again=done)
            st.image(stage_track.drawing(stage), width="stretch", alt=stage_track.trains(stage))
            size = in_short(trainable_parameters(run.protocol, stage))
            st.caption(f"{stage_track.trains(stage)} · {size}")
            if done:
                found = resources.summary(run, stage.name, "validation")
                outcome(found, before)
                before = found.loss
            else:
                st.markdown(f":gray[{_not_trained(stage, status)}]")


def outcome(found: Summary, before: float | None) -> None:
    """Accuracy and loss on validation, and whether the loss is higher than the stage before's."""
    if found.accuracy is None or found.loss is None:
        st.markdown(":gray[no validation scans]")
        return
    st.markdown(f"**{percent(found.accuracy)}** :gray[on validation]")
    worse = before is not None and found.loss > before
    loss = f"loss {found.loss:.3f}"
    st.markdown(f":small[:orange[{loss}, worse than before]]" if worse else f":small[{loss}]")


def curves(run: Run) -> None:
    """Loss and accuracy of every epoch so far, all stages in a row."""
    chart.show(
        chart.curves(run),
        f"curves-{run.name}",
        "Loss and accuracy of every epoch so far, training and validation, all stages in a row",
    )


def _train_one(run: Run, stage: Stage, *, again: bool) -> None:
    label = "Repeat" if again else "Train"
    key = f"train-{run.name}-{stage.name}"
    # Of five of these one is opened, if any; with all of them laid out a page takes longer.
    with st.popover(label, type="tertiary", key=key, on_change="rerun") as fields:
        if not fields.open:
            return
        if again:
            st.caption(
                "The former result is put aside, not deleted. Later stages stay as they are, "
                "but started from it."
            )
        key = f"again-{run.name}-{stage.name}"
        changes = {
            "learning_rate": launch.learning_rate(stage, f"{key}-rate", "visible"),
            "epochs": launch.epoch_count(stage, f"{key}-epochs", "visible"),
            "steps_per_epoch": launch.step_count(stage, f"{key}-steps", "visible"),
        }
        st.button(
            f"{label} {stage.title}",
            type="primary",
            key=f"{key}-go",
            on_click=shell.act,
            args=[_train_with, run, stage.name, changes],
        )


def _train_with(run: Run, stage: str, changes: dict[str, object]) -> None:
    jobs.expect_trainable(run, [stage])  # or a refusal would leave the settings changed
    jobs.change_stage(run, stage, **changes)
    jobs.start(run, [stage])


def _has_foundation(run: Run, stage: Stage, finished: list[str]) -> bool:
    before = run.protocol.before(stage.name)
    return before is None or before.name in finished


def _not_trained(stage: Stage, status: RunStatus) -> str:
    if status.active and status.stage == stage.name:
        return "training now"
    if status.active and stage.name in status.requested:
        return "to come"
    return "not trained yet"


def _memory(status: RunStatus) -> int | None:
    try:
        return psutil.Process(status.pid).memory_info().rss if status.pid else None
    except psutil.Error:
        return None


def log_tail(run: Run) -> str:
    """The last of what the job said, without TensorFlow's talk of itself."""
    try:
        with (run.path / "log.txt").open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - LOG_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        lines = []
    return "\n".join(line for line in lines if not TALK.match(line)) or "Nothing yet."
