"""A column of probabilities in a list, which sorts as numbers and says where there is none."""

from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler
from streamlit.elements.lib.column_types import ColumnConfig

from dashboard.components import words

WITHOUT = {"refused": -1.0, "unreadable": -2.0}
"""What stands in such a column where there is no answer, so that it sorts below all others."""


def rank(status: str, probability: float | None) -> float:
    """A probability, or what stands for the lack of one."""
    return WITHOUT.get(status, -2.0) if probability is None else probability


def written(rows: pd.DataFrame, column: str) -> Styler:
    """A table whose column of such numbers reads as a person writes them."""
    return rows.style.format({column: _in_words})


def column(positive: str) -> ColumnConfig:
    """How the column is headed and sorted."""
    return st.column_config.NumberColumn(f"P({positive})", width=92)


def _in_words(value: Any) -> str:
    names = {number: name for name, number in WITHOUT.items()}
    return names[value] if value in names else words.chance(value)
