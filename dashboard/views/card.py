"""Model card: what must be known of a run before a figure of it is relied on, as a document."""

import streamlit as st

from core.reporting.card import as_html, as_json, as_markdown, body
from dashboard import resources
from dashboard.components import shell

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
    card = resources.card(run)
    with st.container(horizontal=True, gap="small"):
        for label, document, suffix in (
            ("HTML", as_html(card), "html"),
            ("Markdown", as_markdown(card), "md"),
            ("JSON", as_json(card), "json"),
        ):
            st.download_button(
                label,
                document,
                file_name=f"{run.name}-card.{suffix}",
                on_click="ignore",
                icon=":material/download:",
            )
    st.html(body(card))
