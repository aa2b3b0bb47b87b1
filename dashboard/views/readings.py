"""Readings: what readers said of the network's answers, counted, and where they disagreed."""

import streamlit as st

from core.readings.log import as_csv, as_lines
from core.readings.tally import CAUTION, disagreements, tally
from dashboard import resources
from dashboard.components import readings_table, shell

run = shell.header("Readings", "What readers said of the network's answers, and where they differ.")
contents = resources.readings()

if contents.fault:
    st.error(
        f"**The log of readings is not as it was written: {contents.fault}.** Lines are shown as "
        f"they are. New calls are refused until {resources.log().path.parent} is put aside or "
        "restored from a copy.",
        icon=":material/link_off:",
    )
if contents.remark:
    st.info(contents.remark, icon=":material/power_off:")

if run is None or not contents.readings:
    shell.empty(
        "Here your own calls are counted against the network's",
        "Agree, disagree or say that you are unsure, below the answer to a scan on the Explain "
        "page.",
        "views/explain.py",
        "Read a scan",
    )
else:
    known = run.fingerprints()  # which stay what they are when the run gets another name
    ours = [reading for reading in contents.readings if reading.model_sha256 in known]
    models = tally(ours)
    if not models:
        st.caption("Nobody has called an answer of this run yet. Choose another one, or read.")
    else:
        readings_table.counts(run, models)
        st.caption(f":material/info: {CAUTION}")
        st.subheader("Disagreements", anchor=False)
        readings_table.differing(run, disagreements(ours))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for label, write, name in (
            ("All readings as CSV", as_csv, "readings.csv"),
            ("The log, JSON lines", as_lines, "readings.jsonl"),
        ):
            text = resources.readings_as(name, write)
            st.download_button(
                label, text, file_name=name, on_click="ignore", icon=":material/download:"
            )
        if not contents.fault:
            st.caption(
                f":material/link: The chain of {len(contents.readings)} lines is intact. The last "
                f"hash begins with `{contents.last_hash[:16]}`; note it elsewhere as proof."
            )
