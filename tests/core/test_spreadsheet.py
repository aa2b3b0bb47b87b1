"""Tables to keep: text is text in a spreadsheet, numbers are numbers."""

import io

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from core.spreadsheet import csv_of, no_command


def test_text_that_begins_a_formula_gets_an_apostrophe_and_numbers_stay():
    table = pd.DataFrame({"file": ["=1+1", " @x", "yes/-1.png", None], "p": [-0.5, 0.1, 1.0, 0.2]})
    kept = pd.read_csv(io.StringIO(csv_of(table)))
    assert kept["file"].fillna("").tolist() == ["'=1+1", "' @x", "yes/-1.png", ""]
    assert kept["p"].tolist() == table["p"].tolist()


@given(st.text())
def test_no_text_begins_a_formula(text):
    assert not no_command(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert no_command(text).endswith(text)
