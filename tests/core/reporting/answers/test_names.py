"""Reports stand any file name, and tell nothing of a person."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_answers import Reader, answered, report_on, rows_of, text_of, unreadable
from made_dicom import header, written

from core.imaging.scans import read_scan
from core.reporting.answers import KINDS, document
from core.reporting.answers.lettering import legible

WILD = [
    "=cmd|' /C calc'!A0.png",
    "+1.png",
    "-1.png",
    "@SUM(1).png",
    "\t=1.png",
    "<script>alert(1)</script>&amp;.png",
    '"><img src=//x onerror=y>.png',
    "Müller, Ирина Ω.png",
    "スキャン.png",
    "שלום_مرحبا.png",
    "evil\u202egnp.exe",
    "not utf-8 \udc80.png",
    "two\nlines\r.png",
    "nul\x00.png",
    "x" * 300 + ".png",
    "{{ 7 * 7 }}.png",
    "",
]


def test_nothing_of_the_patient_or_of_this_computer_is_in_it(asked):
    pixels = np.tile(np.arange(64, dtype=np.uint16) * 16, (64, 1))
    data = written(header(pixels, PatientID="P-1234", InstitutionName="St. Elsewhere", EchoTime=87))
    found = answered("scan.dcm", 0.8, scan=read_scan(data, "scan.dcm"))
    for kind in KINDS:
        made = document(report_on(asked, found), kind)
        text = text_of(made) if kind == "pdf" else made.decode()
        for secret in ("Doe", "Jane", "P-1234", "Elsewhere", "secret-place", str(Path.home())):
            assert secret not in text
        assert "scan.dcm" in text
    assert "87" in Reader(document(report_on(asked, found), "html")).text


@pytest.mark.parametrize("name", WILD)
def test_wild_names_break_no_document(asked, name):
    check(asked, name)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(st.characters(codec=None), max_size=60))
def test_any_name_breaks_no_document(asked, name):
    check(asked, name)


def check(asked, name: str) -> None:
    """A file of this name is told by it, in all documents, and does nothing else to them."""
    report = report_on(asked, unreadable(name), unreadable("plain.png"))
    page = Reader(document(report, "html"))
    plain = Reader(document(report_on(asked, unreadable("a"), unreadable("b")), "html"))
    assert page.tags == plain.tags
    assert page.attributes == plain.attributes
    # HTML has no way to keep the kinds of white space apart.
    assert " ".join(legible(name).split()) in page.text
    rows = rows_of(document(report, "csv"))
    assert [row["status"] for row in rows] == ["unreadable"] * 2
    cell = rows[0]["file"]
    assert cell.removeprefix("'") == legible(name).removeprefix("'")
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    made = document(report, "pdf")
    assert made.startswith(b"%PDF-")
    assert made.rstrip().endswith(b"%%EOF")
    assert "plain.png" in text_of(made)


def test_letters_that_a_pdf_cannot_set_stand_as_numbers_and_that_is_said(asked):
    text = text_of(document(report_on(asked, unreadable("スキャン_שלום.png")), "pdf"))
    in_one_line = text.replace(" ", "")
    assert r"\u30b9\u30ad\u30e3\u30f3_\u05e9\u05dc\u05d5\u05dd.png" in in_one_line
    assert "Letters that this document cannot set" in text
    text = text_of(document(report_on(asked, unreadable("Müller.png")), "pdf"))
    assert "Letters that this document cannot set" not in text
