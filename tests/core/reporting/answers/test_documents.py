"""Answers on paper: the same bytes for the same answers, and what they say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_answers import MADE, Reader, answered, batch, head, report_on, rows_of, text_of
from made_run import make_run

from core.errors import SettingError
from core.evaluation.precedents import precedents
from core.explanation.evidence import Evidence, cheap_evidence
from core.explanation.perturbation import Curves
from core.protocols import LEAKFREE
from core.reporting.answers import KINDS, Report, asked_of, document, kind_of, sheet


@pytest.mark.parametrize("kind", KINDS)
def test_same_answers_give_the_same_bytes_at_the_same_time(asked, kind):
    one, other = (document(report_on(asked, *batch()), kind) for _ in range(2))
    assert one == other
    later = document(report_on(asked, *batch(), made=MADE + timedelta(days=400)), kind)
    assert later != one
    if kind != "pdf":
        assert later.replace(b"2027-12-29", b"2026-11-24") == one


def test_pdf_has_the_date_it_was_given_and_a_producer(asked):
    made = document(report_on(asked, *batch()), "pdf")
    assert b"/CreationDate (D:20261124160130+01'00')" in made
    assert b"/Creator (NeuroStage " in made
    naive = document(report_on(asked, *batch(), made=MADE.replace(tzinfo=None)), "pdf")
    assert b"/CreationDate (D:20261124160130)" in naive


def test_documents_tell_the_most_suspicious_first_and_the_table_keeps_the_order(asked):
    report = report_on(asked, *batch())
    ranked = ["high.png", "asked.png", "low.png", "dark.png", "empty.dcm"]
    assert [entry.file for entry in report.ranked] == ranked
    assert [row["file"] for row in rows_of(document(report, "csv"))] == [p.file for p in batch()]
    for text in (Reader(document(report, "html")).text, text_of(document(report, "pdf"))):
        places = [text.index(name) for name in ranked]
        assert places == sorted(places)
        assert "2 of 5 called tumour. 2 without an answer" in text


def test_documents_say_what_speaks_against_an_answer(asked):
    report = report_on(asked, *batch())
    for text in (Reader(document(report, "html")).text, text_of(document(report, "pdf"))):
        for said in (
            "Research use only, not for diagnosis.",
            "memory, not skill",
            "Answered on demand. No head: too dark.",
            "Not answered",
            "Not readable",
            "The file is empty.",
            "started from random values",
            "Raw maximum 0.123",
            "Grad-CAM: what spoke for tumour",
            "Whether this map deserves belief was not measured.",
            "sha-stage1",
            "NeuroStage 0.1.0",
            "Leak-free",
            "0.50 times what is typical",
        ):
            assert said in text, said
    rows = rows_of(document(report, "csv"))
    assert [row["status"] for row in rows] == ["ok", "refused", "ok", "unreadable", "ok"]
    assert [row["trained_on"] for row in rows] == ["false", "false", "true", "false", "false"]
    assert rows[4]["overridden"] == "true"
    assert rows[1]["reason"] == "No head: too dark."
    assert rows[1]["label"] == rows[1]["probability"] == rows[1]["evidence"] == ""
    assert {row["model_sha256"] for row in rows} == {"sha-stage1"}
    assert {row["date"] for row in rows} == {"2026-11-24T16:01:30+01:00"}


def test_leak_of_the_run_is_said_on_every_kind(tmp_path):
    leaky = make_run(tmp_path, [0.5])
    leaky.write_split(leaky.split().assign(group="one"))
    report = report_on(asked_of(leaky, "baseline"), *batch())
    assert "Leaky: 100 %" in Reader(document(report, "html")).text
    assert "Leaky: 100 %" in text_of(document(report, "pdf"))
    assert all(row["mark"].startswith("Leaky: ") for row in rows_of(document(report, "csv")))


def test_precedents_stand_beside_the_probability_they_are_of(asked):
    table = pd.DataFrame(
        {"label": [*["tumour"] * 18, *["clear"] * 2], "probability": 0.9, "group": range(20)}
    )
    found = precedents(table, "tumour", 0.9)
    report = report_on(asked, answered("a.png", 0.9, precedents=found), answered("b.png", 0.9))
    for text in (Reader(document(report, "html")).text, text_of(document(report, "pdf"))):
        assert (
            "Of 20 calls of 'tumour' on test scans, the nearest in probability (90.0 to 90.0 %)"
            in text
        )
        assert text.count("Precedents") == 1
    one, other = rows_of(document(report, "csv"))
    assert (one["precedents"], one["precedents_right"]) == ("20", "18")
    assert float(one["precedents_low"]) == found.interval[0]
    assert float(one["precedents_high"]) == found.interval[1]
    assert other["precedents"] == other["precedents_low"] == ""


def test_evidence_is_told_where_it_was_measured(asked):
    found = answered("one.png", 0.8)
    square = np.zeros(found.prepared.pixels.shape[:2], np.float32)
    square[:8, :8] = 1  # a corner, where no head is
    evidence = cheap_evidence(square, found.prepared.pixels, LEAKFREE.crop, {})
    assert evidence.verdict == "unreliable"
    report = Report(asked, MADE)
    report.add(found, "layer-cam", evidence)
    for text in (Reader(document(report, "html")).text, text_of(document(report, "pdf"))):
        assert "Unreliable map." in text
        assert "lies outside the head" in text
        assert "Layer-CAM: what spoke for tumour" in text
    assert rows_of(document(report, "csv"))[0]["evidence"] == "unreliable"


def test_empty_map_is_called_what_it_is(asked):
    found = answered("one.png", 0.8)
    found = replace(found, map=np.zeros_like(found.map), map_maximum=0.0)
    for kind, read in (("html", lambda page: Reader(page).text), ("pdf", text_of)):
        text = read(document(report_on(asked, found), kind))
        assert "The map is empty." in text
        assert "Raw maximum" not in text


def test_the_hottest_colour_is_that_of_the_map_on_the_scan(asked):
    """The raw maximum, of a cell, is more than any value of the map that is laid."""
    found = answered("one.png", 0.8)
    found = replace(found, map=0.456 * found.map / found.map.max(), map_maximum=0.5)
    report = report_on(asked, found)
    page = Reader(document(report, "html"))
    after_bar = page.text.split("The scan as it was read. 0 ")[1]
    assert after_bar.startswith("0.456 Grad-CAM")
    for text in (page.text, text_of(document(report, "pdf"))):
        assert "0.456" in text
        assert text.count("0.5.") == 1
        assert "Raw maximum 0.5." in text
    assert rows_of(document(report, "csv"))[0]["map_maximum"] == "0.5"


def test_page_loads_nothing_and_runs_nothing(asked):
    page = Reader(document(report_on(asked, *batch()), "html"))
    places = [value for name, value in page.attributes if name in ("src", "href", "action")]
    assert len([place for place in places if place.startswith("data:image/jpeg")]) >= 8
    assert all(place.startswith(("data:image/jpeg;base64,", "#scan-")) for place in places)
    assert not {"script", "link", "iframe", "object", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    targets = {value for name, value in page.attributes if name == "id"}
    assert {place[1:] for place in places if place.startswith("#")} == targets


def test_only_the_most_suspicious_are_pictured(asked):
    found = [answered(f"{number}.png", number / 20) for number in range(12)]
    report = report_on(asked, *found, pictured=3)
    assert [entry.file for entry, shown in report.shown if shown] == ["11.png", "10.png", "9.png"]
    page = Reader(document(report, "html"))
    assert page.tags.count("article") == 3
    assert "The 3 most suspicious are shown" in page.text
    assert "0.png" in page.text
    assert "The 3 most suspicious are shown" in text_of(document(report, "pdf"))
    assert report_on(asked, *found, pictured=0).shown == []


def test_slices_of_a_volume_are_told_by_number(asked):
    scans = [replace(head(), slice=number, slices=30, plane="axial") for number in (4, 5)]
    report = report_on(asked, *(answered("head.nii.gz", 0.6, scan=scan) for scan in scans))
    for text in (Reader(document(report, "html")).text, text_of(document(report, "pdf"))):
        assert "Report: head.nii.gz, 2 slices" in text
        assert "slice 5 of 30, axial" in text
    rows = rows_of(document(report, "csv"))
    assert [(row["slice"], row["slices"], row["plane"]) for row in rows] == [
        ("4", "30", "axial"),
        ("5", "30", "axial"),
    ]


def test_scans_of_one_name_are_no_slices_of_a_volume(asked):
    """As exports of DICOM have them: the same name in the folder of every patient."""
    alone = report_on(asked, *(answered("IM0001.dcm", share) for share in (0.4, 0.6)))
    assert alone.title == "Report on 2 scans"
    of_each = [replace(head(), slice=15, slices=30, plane="axial") for _ in range(2)]
    middles = report_on(asked, *(answered("IM0001.dcm", 0.6, scan=scan) for scan in of_each))
    assert middles.title == "Report on 2 scans"


def test_report_on_one_scan_is_one_page(asked):
    found = answered("one.png", 0.8, trained_on=True)
    evidence = cheap_evidence(
        np.ones(found.prepared.pixels.shape[:2], np.float32),
        found.prepared.pixels,
        LEAKFREE.crop,
        {},
    )
    report = Report(asked, MADE)
    report.add(found, "grad-cam", evidence)
    assert "page 1 of 1" in text_of(document(report, "pdf"))


# fmt: off
MR = {
    "Modality": "MR", "BodyPartExamined": "BRAIN", "PhotometricInterpretation": "MONOCHROME2",
    "ScanningSequence": "SE, IR", "SequenceVariant": "SK, SP, OSP", "MRAcquisitionType": "2D",
    "PixelSpacing": "0.4688, 0.4688", "SliceThickness": "5", "SpacingBetweenSlices": "6.5",
    "MagneticFieldStrength": "1.5", "RepetitionTime": "550", "EchoTime": "14",
    "InversionTime": "2200", "FlipAngle": "90",
}
# fmt: on
UNRELIABLE = Evidence(
    False,
    outside=0.9,
    outside_evenly=0.3,
    agreement={"layer-cam": -0.5},
    curves=Curves((0, 1), (1, 0), (0, 1), 0.9, 0.1, (0.1,) * 5, (0.9,) * 5),
    similarity={"the head": 0.9, "the head and block 5": 0.95},
)


@pytest.mark.parametrize("scans", [1, 2])
@pytest.mark.parametrize("tags", [MR, MR | {"ScanningSequence": ", ".join(["SE"] * 1500)}])
def test_an_answer_longer_than_a_page_goes_on_over_the_next(asked, tags, scans):
    found = answered(
        "series/IM000123.dcm",
        0.9,
        scan=replace(head(), format="dicom", slices=30, tags=tags, window=(500.0, 1000.0)),
        reason="unlike the training scans",
        overridden=True,
        cautions=("There seems to be writing in the picture.",),
    )
    report = Report(asked, MADE)
    for _ in range(scans):
        report.add(found, "grad-cam", UNRELIABLE)
    text = text_of(document(report, "pdf"))
    assert text.count("FlipAngle") == text.count("Measured:") == scans
    assert text.count("SE, SE") > 0 or tags is MR


def test_fonts_of_the_pdf_are_in_it(asked):
    made = document(report_on(asked, *batch()), "pdf")
    assert made.count(b"/FontFile2") >= 2
    assert sheet.PLAIN.encode() in made


@pytest.mark.parametrize("name", ["a.csv", "a.HTML", "b/c.tar.pdf"])
def test_kind_follows_from_the_ending(name):
    assert kind_of(Path(name)) == name.rsplit(".", 1)[1].lower()


@pytest.mark.parametrize("name", ["a.txt", "pdf", "a.pdf.zip", ""])
def test_other_endings_are_refused(name):
    with pytest.raises(SettingError, match=r"ends in \.csv, \.html or \.pdf"):
        kind_of(Path(name))


def test_an_empty_report_can_be_written(asked):
    report = Report(asked, datetime(2026, 1, 1, tzinfo=UTC))
    assert rows_of(document(report, "csv")) == []
    assert "Report on 0 scans" in Reader(document(report, "html")).text
    assert document(report, "pdf").startswith(b"%PDF-")
