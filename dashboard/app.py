"""The dashboard's entry: `python -m streamlit run dashboard/app.py`."""

import streamlit as st

from dashboard.components import shell

st.set_page_config(
    page_title="NeuroStage",
    page_icon=str(shell.ASSETS / "icon.svg"),
    layout="wide",
    menu_items={"About": shell.ABOUT},
)

page = st.navigation(
    [
        st.Page("views/home.py", title="Home", default=True),
        st.Page("views/data.py", title="Data", help="The scans, their crop and their split"),
        st.Page("views/train.py", title="Train", help="Fine-tune VGG19 in five stages"),
        st.Page("views/compare.py", title="Compare", help="What each stage was worth"),
        st.Page(
            "views/crossval.py", title="Cross-validate", help="Every scan held out once, pooled"
        ),
        st.Page("views/explain.py", title="Explain", help="A prediction and what it rests on"),
        st.Page("views/readings.py", title="Readings", help="What readers said of the answers"),
        st.Page("views/card.py", title="Model card", help="What to know of a run, as a document"),
    ],
    position="top",
)

with shell.frame():
    page.run()
