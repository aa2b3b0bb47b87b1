"""Model card: what must be known of a run before a figure of it is relied on, as a document."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.reporting.card import ModelCard, as_html, as_json, as_markdown, body
from core.training.runs import Run
from dashboard import resources
from dashboard.components import shell


def document_of(run: Run, write: Callable[[ModelCard], str]) -> str:
    return write(resources.card(run))


run = shell.header(
    "Model card", "What to know of a run before relying on it, and how to report it."
)

if run is None or not run.finished_stages():
    shell.empty(
        "Here a run describes itself",
        "Data, split, training, performance, limits, fingerprints, and its answers to the CLAIM "
        "checklist appear as soon as one stage is trained.",
        "views/train.py",
        "Train a stage",
    )
else:
    written = {"html": as_html, "md": as_markdown, "json": as_json, "body": body}
    document = {
        kind: resources.derived(run, ("card", kind), partial(document_of, run, write))
        for kind, write in written.items()
    }
    with st.container(horizontal=True, gap="small"):
        for label, suffix in (("HTML", "html"), ("Markdown", "md"), ("JSON", "json")):
            st.download_button(
                label,
                document[suffix],
                file_name=f"{run.name}-card.{suffix}",
                on_click="ignore",
                icon=":material/download:",
            )
    st.html(document["body"])
