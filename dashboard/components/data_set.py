"""A data set in figures: its classes, the choices about it, and its planned split."""

import pandas as pd
import streamlit as st

from core.config import Protocol
from core.data.duplicates import Copies, known_to_validation, leakage
from core.data.index import PARTS
from core.errors import NeuroStageError
from core.evaluation.percent import percent
from core.protocols import PROTOCOLS
from dashboard import resources, state, survey
from dashboard.components import reading, shell
from dashboard.components.words import count, plain
from dashboard.survey import Groups, Survey

PART_TITLES = {"train": "Training", "validation": "Validation", "test": "Test"}


def choices(found: Survey) -> Survey | None:
    """Ask which class is positive and whether scans are cropped, beside the set in figures.

    Returns:
        The survey with these choices; none while it is open which class is positive, or what
        was said about patients cannot be used.
    """
    left, right = st.columns([1, 2], gap="large")
    with left:
        positive = st.segmented_control(
            "Positive class",
            sorted(found.dataset.classes),
            default=survey.chosen_positive(found),
            required=found.certain,
            key=state.of_folder(state.POSITIVE),
            format_func=plain,
            persist_state="session",
            help="What is looked for. Sensitivity is about this class.",
        )
        cropped = st.toggle(
            "Cropped to the brain already",
            value=survey.chosen_cropped(found),
            key=state.of_folder(state.CROPPED),
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
        grouped = patients(found)
    return chosen if grouped else None


def patients(found: Survey) -> bool:
    """Ask, quietly, which patient a scan is of; returns whether the answer can be used."""
    keys = (state.PATIENT_PATTERN, state.PATIENT_TABLE)
    given = [state.get(state.of_folder(key)) for key in keys]
    with st.expander("Patients", expanded=any(given)):
        st.caption(
            "Where it is known which scans are of one patient, all of them stay in one part."
        )
        by_pattern, by_table = st.columns(2)
        by_pattern.text_input(
            "Pattern in the path of a scan",
            key=state.of_folder(state.PATIENT_PATTERN),
            placeholder=r"such as patient_(\d+)",
            persist_state="session",
            help="A regular expression, searched for in paths such as "
            f"{plain(found.dataset.entries[0].file)}. Its one group is the patient.",
        )
        by_table.text_input(
            "Or a table",
            key=state.of_folder(state.PATIENT_TABLE),
            placeholder="path of a CSV file",
            persist_state="session",
            help="With the columns file, as the paths in this folder, and patient.",
        )
        try:
            known = survey.known_patients(found)
        except NeuroStageError as error:
            shell.problem(error)
            return False
        if known:
            said = f"{count(len(known), 'scan')} of {count(len(set(known.values())), 'patient')}"
            st.caption(f":material/check: {said}")
    return True


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
    reading.follow(survey.copies_of(found))


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
    if any(leaks.values()) or known_to_validation(table):
        st.warning(
            f"{leak(table)} The figures will be too good, and will be marked as leaky wherever "
            "they are shown.",
            icon=":material/warning:",
        )
    else:
        what = " or another scan of its patient" if survey.patients() else ""
        st.success(
            f"No picture has a near copy{what} in another part.",
            icon=":material/check:",
        )
    if found.dataset.already_split:
        st.caption("The folder is split already, and that split is kept.")


def leak(table: pd.DataFrame) -> str:
    """How many pictures of a plan leak, as a sentence in bold."""

    def told(part: str, share: float) -> str:
        tested = int((table["split"] == part).sum())
        return f"{round(share * tested):,} of {count(tested, f'{part} picture')}"

    what = "near copy or another scan of their patient" if survey.patients() else "near copy"
    parts = [told(part, share) for part, share in leakage(table).items() if share]
    if parts:
        return f"**{' and '.join(parts)} have a {what} in training.**"
    chosen_by = known_to_validation(table)
    return (
        f"**{told('test', chosen_by)} have a {what} in validation,** by which epoch, stage and "
        "threshold are chosen."
    )


def contradictions(found: Survey, copies: Copies) -> None:
    """Warn of copies with two labels, with the way to them; nothing where there are none."""
    groups = len(survey.audit_of(found, copies).across_classes)
    if not groups:
        return
    st.warning(
        f"**{count(groups, 'group of copies is', 'groups of copies are')} in both classes.** One "
        "of the labels must be wrong, and a network learns both.",
        icon=":material/rule:",
    )
    st.page_link(
        "views/data.py",
        label="Look at them",
        icon=":material/arrow_forward:",
        query_params={state.DATA_TAB: "Near copies"},
    )


def plan(found: Survey, groups: Groups, protocol: Protocol) -> pd.DataFrame:
    """The split that a run of this protocol would get; one row a picture."""
    key = f"{found.key}|{hash(tuple(groups.values()))}"
    return resources.plan(key, protocol.model_dump_json(), found.dataset, groups)


def split_table(
    table: pd.DataFrame, classes: tuple[str, str], leaks: dict[str, float]
) -> pd.DataFrame:
    """One row a part: scans of each class, pictures with all views, share that leaks.

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
                "Also in training": percent(leaks[part]) if part in leaks else "–",
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
    task = survey.copies_of(found)
    if not task.wait(0.1):
        return "…"
    return f"{sum(map(len, task.result().near())):,}"


def _range(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low}–{high}"
