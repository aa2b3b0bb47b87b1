"""Small pictures of scans, with what the crop keeps."""

import streamlit as st

from core.config import Crop
from core.data.index import Dataset, Entry
from dashboard import resources


def show(dataset: Dataset, entry: Entry, crop: Crop | None, caption: str | None = None) -> None:
    """One thumbnail in the present container."""
    picture = resources.thumbnail(str(dataset.root), entry.file, entry.sha256, crop)
    st.image(picture, width="stretch", caption=caption, alt=f"Scan of class {entry.label}")
