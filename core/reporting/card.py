"""The model card of a run (Mitchell et al., 2019), with its answers to the CLAIM checklist.

The same run gives the same card, byte for byte: nothing in it comes from now or from here.
"""

from functools import cache
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.evaluation import mark
from core.evaluation.percent import percent
from core.reporting import statements
from core.reporting.claim import CITATION, ClaimItem, checklist
from core.reporting.facts import Facts, facts_of
from core.training.runs import Run

TEMPLATES = Path(__file__).resolve().parents[2] / "assets" / "templates"

MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#~"} | {"\n": " ", "\r": " "})
"""What a name must not do to a document."""


class ModelCard(Facts):
    """What must be known of a run's models before anybody relies on a figure of theirs."""

    intended_use: tuple[str, ...]
    partition: str
    disjoint: str
    preprocessing: str
    augmentation: str
    training: str
    baselines: str
    threshold: tuple[str, ...]
    limits: tuple[str, ...]
    checklist: tuple[ClaimItem, ...]

    def items(self, status: str) -> list[ClaimItem]:
        """Items of the checklist with this status, in order."""
        return [item for item in self.checklist if item.status == status]


def card_of(run: Run) -> ModelCard:
    """Fill the card of a run in from its record.

    Raises:
        RunError: The run cannot be read, or no stage of it is finished.
    """
    facts = facts_of(run)
    data, protocol = facts.data, facts.protocol
    known = {20} if data.patients_known == 1 and not facts.comparison.mark else set()
    return ModelCard(
        **{name: getattr(facts, name) for name in Facts.model_fields},
        intended_use=statements.INTENDED_USE,
        partition=statements.partition(facts),
        disjoint=statements.disjoint(facts),
        preprocessing=statements.preprocessing(protocol, cropped=data.already_cropped),
        augmentation=statements.views(facts),
        training=statements.training(facts),
        baselines=statements.baselines(facts),
        threshold=statements.operating(facts),
        limits=statements.limits(facts),
        checklist=checklist(statements.answers(facts), known),
    )


def as_markdown(card: ModelCard) -> str:
    """The card as Markdown, for documents and repositories."""
    return _render("card.md", card)


def as_html(card: ModelCard) -> str:
    """The card as one HTML file that needs nothing else."""
    return _render("card.html", card)


def body(card: ModelCard) -> str:
    """What `as_html` has between head and foot, for a page with a style of its own."""
    return _render("card-body.html", card)


def as_json(card: ModelCard) -> str:
    """The card as JSON."""
    return card.model_dump_json(indent=2) + "\n"


def _render(template: str, card: ModelCard) -> str:
    return _environment().get_template(template).render(card=card, citation=CITATION)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "md": lambda text: str(text).translate(MARKDOWN),
        "leak": mark.share_in_words,
        "decimal": lambda value: np.format_float_positional(value, trim="-"),
        "percent": percent,
        "number": statements.number,
        "share": statements.share_of,
        "figure": statements.figure_of,
    }
    environment.globals |= {"weights": statements.WEIGHTS}
    return environment
