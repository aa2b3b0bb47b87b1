"""A data set in figures: its classes, the choices about it, and its planned split."""

import pandas as pd
import streamlit as st

from core.config import PROTOCOLS, Protocol
from core.data.duplicates import leakage
from core.data.index import PARTS
from dashboard import resources, state, survey
from dashboard.components import reading
from dashboard.components.words import count, percent, plain
from dashboard.survey import Groups, Survey

PART_TITLES = {"train": "Training", "validation": "Validation", "test": "Test"}


def choices(found: Survey) -> Survey | None:
    """Ask which class is positive and whether scans are cropped, beside the set in figures.

    Returns:
        The survey with these choices; none while it is open which class is positive.
    """
    left, right = st.columns([1, 2], gap="large")
    with left:
        positive = st.segmented_control(
            "Positive class",
            sorted(found.dataset.classes),
            default=survey.chosen_positive(found),
            required=found.certain,
            key=state.POSITIVE,
            format_func=plain,
            persist_state="session",
            help="What is looked for. Sensitivity is about this class.",
        )
        cropped = st.toggle(
            "Cropped to the brain already",
            value=survey.chosen_cropped(found),
            key=state.CROPPED,
            persist_state="session",
            help="Measured on a sample of the scans; correct it if it is wrong.",
        )
    with right:
        if positive is None:
            st.info(
                "The names of the folders do not tell which class is the positive one. "
                "Choose it at the left.",
                icon=":material/arrow_back:",
            )
            return None
        chosen = found.with_choices(positive, cropped)
        figures(chosen)
    return chosen


def figures(found: Survey) -> None:
    """Scans of each class, their size, near copies, files not read."""
    dataset = found.dataset
    negative, positive = dataset.classes
    counts = dataset.counts()
    shown = {
        f"{plain(positive)} (positive)": f"{counts[positive]:,}",
        plain(negative): f"{counts[negative]:,}",
        "Longer side, pixels": _range([max(e.height, e.width) for e in dataset.entries]),
        "With a near copy": _copies(found),
        "Not read": f"{len(dataset.unreadable):,}",
    }
    for column, (label, value) in zip(st.columns([5, 4, 6, 5, 3]), shown.items(), strict=True):
        column.metric(label, value)
    reading.follow(survey.groups_of(found))


def protocol_choice() -> Protocol:
    """Leak-free or as in the report; the choice holds for the next run as well."""
    name = st.segmented_control(
        "Protocol",
        list(PROTOCOLS),
        default=next(iter(PROTOCOLS)),
        required=True,
        key=state.PROTOCOL,
        format_func=lambda name: PROTOCOLS[name].title,
        persist_state="session",
    )
    protocol = PROTOCOLS[name]
    if protocol.caveat:
        st.warning(protocol.caveat, icon=":material/warning:")
    return protocol


def planned_split(found: Survey, groups: Groups, protocol: Protocol) -> None:
    """Pictures of each class in each part, and what leaks from training into the others."""
    table = plan(found, groups, protocol)
    leaks = leakage(table)
    st.dataframe(split_table(table, found.dataset.classes, leaks), hide_index=True)
    tested = int((table["split"] == "test").sum())
    leaking = round(leaks["test"] * tested)
    if leaking:
        st.warning(
            f"**{leaking:,} of {count(tested, 'test picture')} have a near copy in training.** "
            "The test figures will be too good.",
            icon=":material/warning:",
        )
    else:
        st.success("No test picture has a near copy in training.", icon=":material/check:")
    if found.dataset.already_split:
        st.caption("The folder is split already, and that split is kept.")


def plan(found: Survey, groups: Groups, protocol: Protocol) -> pd.DataFrame:
    """The split that a run of this protocol would get; one row a picture."""
    return resources.plan(found.key, protocol.model_dump_json(), found.dataset, groups)


def split_table(
    table: pd.DataFrame, classes: tuple[str, str], leaks: dict[str, float]
) -> pd.DataFrame:
    """One row a part: scans of each class, pictures with all views, share with a near copy.

    Args:
        table: The plan, with columns `core.data.splits.SPLIT_COLUMNS`.
        classes: Negative and positive.
        leaks: See `core.data.duplicates.leakage`.
    """
    negative, positive = classes
    rows = []
    for part in PARTS:
        pictures = table[table["split"] == part]
        scans = pictures.drop_duplicates("file")["label"].value_counts()
        rows.append(
            {
                "Part": PART_TITLES[part],
                f"{positive}, scans": int(scans.get(positive, 0)),
                f"{negative}, scans": int(scans.get(negative, 0)),
                "Pictures with views": len(pictures),
                "Near copy in training": percent(leaks[part]) if part in leaks else "–",
            }
        )
    return pd.DataFrame(rows)


def not_read(found: Survey) -> None:
    """What could not be read, and why."""
    if not found.dataset.unreadable:
        st.write("Every file could be read.")
        return
    st.caption("These files are left out. Everything else is used.")
    st.dataframe(
        pd.DataFrame(
            [(item.file, item.reason) for item in found.dataset.unreadable],
            columns=["File", "Why it could not be read"],
        ),
        hide_index=True,
    )


def _copies(found: Survey) -> str:
    task = survey.groups_of(found)
    if not task.wait(0.1):
        return "…"
    return f"{sum(map(len, survey.near_copies(found.dataset, task.result()))):,}"


def _range(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low}–{high}"
