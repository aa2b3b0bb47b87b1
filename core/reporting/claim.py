"""The items of CLAIM 2024, and which of them a run can answer by itself.

Tejani, Klontzas, Gatti, Mongan, Moy, Park & Kahn (2024), "Checklist for Artificial Intelligence
in Medical Imaging (CLAIM): 2024 Update", Radiology: Artificial Intelligence 6(4), e240300,
doi:10.1148/ryai.240300. Numbers and order are the checklist's; the wording is NeuroStage's.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from core.config import Frozen

CITATION = (
    "Tejani AS, Klontzas ME, Gatti AA, Mongan JT, Moy L, Park SH, Kahn CE Jr. Checklist for "
    "Artificial Intelligence in Medical Imaging (CLAIM): 2024 Update. Radiology: Artificial "
    "Intelligence 2024;6(4):e240300."
)

Status = Literal["answered", "in part", "open"]


class ClaimItem(Frozen):
    """One item of the checklist, as a run stands to it."""

    number: int
    section: str
    topic: str
    status: Status
    answer: str = Field("", description="what the run says to it")
    to_add: str = Field("", description="what the author must add")


@dataclass(frozen=True)
class Topic:
    """One item of the checklist.

    Attributes:
        number: 1 to 44.
        section: Where in a paper it belongs.
        topic: What it asks for.
        to_add: What a run cannot know and its author must write; empty where it knows all.
    """

    number: int
    section: str
    topic: str
    to_add: str = ""


_BY_SECTION: dict[str, tuple[tuple[str, str], ...]] = {
    "Title and abstract": (
        ("Named as a study of AI, with the kind of method", "The title of the paper."),
        ("Abstract", "A summary of design, methods, results and conclusions."),
    ),
    "Introduction": (
        (
            "Background, intended use and role of the method",
            "The clinical background, and where in a reader's work the method would stand.",
        ),
        ("Aims and hypotheses", "What was to be shown, written down before the results."),
    ),
    "Study design": (
        ("Prospective or retrospective", "Which of the two, and when the scans were acquired."),
        ("Goal of the study", "Whether a feasibility study, a new model, a comparison, a trial."),
    ),
    "Data": (
        ("Where the data come from", "Institutions, dates, or the public set and its licence."),
        ("Who is included and who is not", "Criteria, and how eligible people were found."),
        ("Preprocessing", ""),
        (
            "Choice of a subset of the data",
            "How these scans, and these slices of each examination, were chosen.",
        ),
        ("De-identification", "How and by whom it was done before the scans came here."),
        ("Missing data", "What was missing beyond files that could not be read."),
        ("How the images were acquired", "Scanners, field strengths, sequences, planes, contrast."),
    ),
    "Reference standard": (
        ("How the reference standard was obtained", "Histology, follow-up, or whose reading."),
        ("Why that reference standard", "Its reasons, and its own error."),
        ("Who annotated", "Number, profession and experience of the annotators."),
        ("Annotation of the test set", "How it was done, and whether more strictly."),
        ("Agreement between and within annotators", "Figures of it, and how they were measured."),
    ),
    "Partitions": (
        ("How data were dealt out to partitions", ""),
        (
            "Level at which partitions are disjoint",
            "Which scans are of one patient, where the run was not told.",
        ),
    ),
    "Test data": (("Intended sample size", "How the number of test cases was decided."),),
    "Model": (
        ("Description of the model", ""),
        ("Software and versions", ""),
        ("Initial parameters", ""),
    ),
    "Training": (
        ("How it was trained", ""),
        ("How the final model was chosen", ""),
        ("Ensembles", ""),
    ),
    "Evaluation": (
        ("Measures of performance", ""),
        ("Uncertainty and significance", ""),
        (
            "Robustness or sensitivity analysis",
            "How results change with seeds, scanners, noise or subgroups (crossval repeats them).",
        ),
        (
            "Explanation of predictions",
            "Whether the maps were assessed, and how.",
        ),
        ("Evaluation on internal data", ""),
        ("Testing on external data", "Results on scans of another institution: there are none."),
        ("Registration as a clinical trial", "The register and number, or that there is none."),
    ),
    "Results: data": (
        (
            "Numbers included and excluded",
            "Numbers of patients and examinations, and a flow diagram.",
        ),
        (
            "Characteristics of cases in each partition",
            "Age, sex, diagnoses, and sizes of lesions, by partition.",
        ),
    ),
    "Results: performance": (
        ("Performance with its uncertainty", ""),
        ("Diagnostic accuracy with its precision", ""),
        (
            "Analysis of errors",
            "A look at each wrongly called scan, and what such scans have in common.",
        ),
    ),
    "Discussion": (
        ("Limitations", "What limits the study beyond what a run can know of itself."),
        ("Meaning for practice", "What follows for practice, and what must be shown before."),
    ),
    "Other": (
        ("Full protocol or technical details", "Where the study's protocol can be read."),
        ("Availability of software, model and data", "Where each can be had, and on what terms."),
        ("Funding and the role of funders", "Who paid, and what they had a say in."),
    ),
}

TOPICS = tuple(
    Topic(number, section, topic, to_add)
    for number, (section, topic, to_add) in enumerate(
        ((section, *item) for section, items in _BY_SECTION.items() for item in items), start=1
    )
)


def checklist(answers: Mapping[int, str], complete: Collection[int] = ()) -> tuple[ClaimItem, ...]:
    """All 44 items in order.

    Args:
        answers: What a run says, by the number of the item. An item that is answered and still
            has something to add counts as answered in part; one without an answer is open.
        complete: Numbers of items to which this very run leaves nothing to add.
    """
    return tuple(_item(topic, answers.get(topic.number, ""), complete) for topic in TOPICS)


def _item(topic: Topic, answer: str, complete: Collection[int]) -> ClaimItem:
    to_add = "" if topic.number in complete else topic.to_add
    status: Status = "in part" if to_add else "answered"
    if not answer:
        status, to_add = "open", to_add or "The run did not record it."
    return ClaimItem(
        number=topic.number,
        section=topic.section,
        topic=topic.topic,
        status=status,
        answer=answer,
        to_add=to_add,
    )
