"""Answers on paper: the same bytes for the same answers, whatever files are called."""

import base64
import csv
import io
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_dicom import header, written
from made_run import NEGATIVE, POSITIVE, make_run, pictures, predictions

from core.config import LEAKFREE
from core.errors import RunError, SettingError
from core.evaluation.calibration import fit_temperature, with_temperature
from core.explanation.evidence import cheap_evidence
from core.imaging.preprocessing import prepare
from core.imaging.scans import Scan, read_scan
from core.prediction import Prediction
from core.reporting.answers import KINDS, Report, asked_of, document, kind_of
from core.reporting.answers import pdf as pdf_report
from core.reporting.answers.lettering import legible
from core.training.runs import Run, RunWeights

MADE = datetime(2026, 11, 24, 16, 1, 30, tzinfo=timezone(timedelta(hours=1)))
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


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    made = make_run(tmp_path_factory.mktemp("secret-place"), [0.5, 1.5])
    weights = RunWeights(source="random", sha256=None)
    made.write_config(made.config.model_copy(update={"weights": weights}))
    return made


@pytest.fixture(scope="module")
def asked(run):
    return asked_of(run, "stage1", sensitivity=0.9)


def head(side: int = 64) -> Scan:
    y, x = np.mgrid[:side, :side]
    grey = np.where((x - 32) ** 2 + (y - 32) ** 2 < 400, 90 + x, 0).astype(np.uint8)
    return Scan(np.repeat(grey[..., None], 3, 2), "png", 0, 1, {})


def answered(file: str, p: float, **more) -> Prediction:
    """An answer with a map, as `Predictor` gives it."""
    scan = more.pop("scan", None) or head()
    y, x = np.mgrid[: scan.pixels.shape[0], : scan.pixels.shape[1]]
    map = np.exp(-((x - 20) ** 2 + (y - 30) ** 2) / 50).astype(np.float32)
    called = POSITIVE if p >= 0.5 else NEGATIVE
    given = {
        "label": called,
        "probability": {NEGATIVE: 1 - p, POSITIVE: p},
        "scan": scan,
        "prepared": prepare(scan.pixels, LEAKFREE),
        "map": map,
        "map_maximum": 0.123,
        "target": called,
        "slice": scan.slice,
        "distance": 0.5,
    }
    return Prediction(file, "ok", "stage1", "sha-stage1", **(given | more))


def refused(file: str, reason: str = "no head: too dark") -> Prediction:
    return Prediction(file, "refused", "stage1", "sha", reason=reason, scan=head(), slice=0)


def unreadable(file: str) -> Prediction:
    return Prediction(file, "unreadable", "stage1", "sha", reason="the file is empty")


def report_on(asked, *found: Prediction, made: datetime = MADE, **more) -> Report:
    report = Report(asked, made, **more)
    for prediction in found:
        report.add(prediction, "grad-cam")
    return report


def batch() -> list[Prediction]:
    return [
        answered("low.png", 0.1),
        refused("dark.png"),
        answered("high.png", 0.9, trained_on=True),
        unreadable("empty.dcm"),
        answered("asked.png", 0.7, overridden=True, reason="no head: too dark"),
    ]


class Reader(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.said: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


def text_of(pdf: bytes) -> str:
    """What the pages of a PDF say, as far as it is ASCII: its lines without their breaks."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            page = zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>")))
        except (ValueError, zlib.error):
            continue  # a picture or a font
        for piece in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", page):
            line = re.sub(rb"\\([()\\])", rb"\1", piece)
            found.append(line.decode("latin-1"))
    return " ".join(" ".join(found).split())


def rows_of(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))


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


def test_probability_is_calibrated_by_the_temperature_of_validation(run, asked):
    table = run.predictions("stage1")
    temperature = fit_temperature(table[table["split"] == "validation"], POSITIVE)
    assert asked.temperature == temperature
    p = table["probability"].iloc[0]
    (entry,) = report_on(asked, answered("one.png", p)).entries
    assert entry.probability == p
    assert entry.calibrated == with_temperature(table, temperature)["probability"].iloc[0]
    assert f"{temperature:.2f}" in asked.calibration
    assert f"{asked.fitted_on} validation pictures" in asked.calibration


def test_without_both_classes_in_validation_there_is_no_calibration(tmp_path):
    split = pictures()
    split.loc[split["split"] == "validation", "label"] = POSITIVE
    asked = asked_of(
        make_run(tmp_path, {"baseline": predictions(split, 1.0, 1)}, split), "baseline"
    )
    assert asked.temperature is None
    report = report_on(asked, *batch())
    assert rows_of(document(report, "csv"))[0]["probability_calibrated"] == ""
    for page in (Reader(document(report, "html")).text, text_of(document(report, "pdf"))):
        assert "Not calibrated" in page
        assert "Calibrated by one" not in page


def test_call_at_an_operating_point_is_by_its_threshold(asked):
    threshold = asked.operating.threshold
    found = [answered("at.png", threshold), answered("below.png", np.nextafter(threshold, 0))]
    rows = rows_of(document(report_on(asked, *found), "csv"))
    assert [row["call_at_operating_point"] for row in rows] == [POSITIVE, NEGATIVE]
    assert float(rows[0]["operating_threshold"]) == threshold
    assert rows[0]["operating_sensitivity"] == "0.9"


def test_stage_that_is_not_finished_and_impossible_sensitivity_are_refused(run):
    with pytest.raises(RunError, match="final"):
        asked_of(run, "final")
    with pytest.raises(SettingError, match="95 was given"):
        asked_of(run, "stage1", sensitivity=95)


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


def test_letters_that_a_pdf_cannot_set_stand_as_numbers_and_that_is_said(asked):
    text = text_of(document(report_on(asked, unreadable("スキャン_שלום.png")), "pdf"))
    in_one_line = text.replace(" ", "")
    assert r"\u30b9\u30ad\u30e3\u30f3_\u05e9\u05dc\u05d5\u05dd.png" in in_one_line
    assert "Letters that this document cannot set" in text
    text = text_of(document(report_on(asked, unreadable("Müller.png")), "pdf"))
    assert "Letters that this document cannot set" not in text


def test_fonts_of_the_pdf_are_in_it(asked):
    made = document(report_on(asked, *batch()), "pdf")
    assert made.count(b"/FontFile2") >= 2
    assert pdf_report.PLAIN.encode() in made


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
