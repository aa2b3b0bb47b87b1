"""`predict`: class and probability of scans, and what else it tells."""

import json
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from made_dicom import header, written
from PIL import Image
from shell import SIDE, here

from core.cli import terminal
from core.cli.predict import show_answers


def test_predict_answers_refuses_and_explains(ask, run, scans, tmp_path):
    tiny, noise = tmp_path / "tiny.png", tmp_path / "not a scan.png"
    Image.new("L", (8, 8)).save(tiny)
    noise.write_bytes(b"no picture at all")
    scan = scans / "test" / "yes" / "yes0.png"
    out_dir = tmp_path / "explained"
    words = ["predict", "one", scan, tiny, noise, *here(run), "--stage", "baseline"]
    code, out, err = ask(*words, "--explain", out_dir, "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["run"], found["stage"]) == ("one", "baseline")
    assert found["model_sha256"] == run.metrics("baseline")["model_sha256"]
    ok, refused, unreadable = found["results"]
    assert [r["status"] for r in found["results"]] == ["ok", "refused", "unreadable"]
    assert [r["file"] for r in found["results"]] == [str(scan), str(tiny), str(noise)]
    assert ok["reason"] is None
    assert set(ok["probability"]) == {"no", "yes"}
    assert sum(ok["probability"].values()) == pytest.approx(1)
    assert ok["label"] == max(ok["probability"], key=ok["probability"].get)
    assert Image.open(ok["map"]).size == (SIDE, SIDE)
    assert [path.name for path in out_dir.iterdir()] == ["001-yes0.png"]
    for row in (refused, unreadable):
        assert row["reason"]
        assert row["label"] is row["probability"] is row["map"] is None
    recorded = run.predictions("baseline").set_index("file")["probability"]
    assert ok["probability"]["yes"] == pytest.approx(recorded["test/yes/yes0.png"], abs=1e-4)


def test_predict_tells_more_when_asked(ask, run, scans, tmp_path):
    scan, noise = scans / "test" / "yes" / "yes0.png", tmp_path / "noise.png"
    noise.write_bytes(b"no picture at all")
    words = ["predict", "one", scan, noise, *here(run), "--target", "yes", "--method", "layer-cam"]
    more = ["--evidence", "cheap", "--all-stages", "--similar", "2"]
    code, out, err = ask(*words, *more, "--json")
    found, unread = json.loads(out)["results"]
    assert (code, err) == (0, "")
    assert (found["explained"], found["method"], found["map"]) == ("yes", "layer-cam", None)
    assert found["map_maximum"] >= 0
    assert found["evidence"]["verdict"] in ("reliable", "unreliable", "empty")
    assert found["evidence"]["checked"] == "cheap"
    assert [stage["stage"] for stage in found["stages"]] == run.finished_stages()
    assert found["stages"][-1]["probability"] == pytest.approx(
        found["probability"]["yes"], abs=1e-4
    )
    assert list(found["similar"]) == ["yes", "no"]
    for label, cases in found["similar"].items():
        assert [case["label"] for case in cases] == [label] * 2
        assert cases[0]["distance"] <= cases[1]["distance"]
    assert unread["evidence"] is unread["stages"] is unread["similar"] is None
    _, out, _ = ask(*words, *more)
    assert "Nearest yes" in out
    assert "Map: " in out


def test_predict_tells_as_much_of_each_slice_of_a_volume(ask, run, tmp_path):
    y, x, z = np.mgrid[:SIDE, :SIDE, :3]
    head = (((x - 40) / 30) ** 2 + ((y - 40) / 34) ** 2 < 1) * (120.0 + 15 * np.sin(x / 4) + 9 * z)
    head[..., 0] = 0  # nothing there to answer for
    volume = tmp_path / "head.nii.gz"
    nibabel.save(nibabel.Nifti1Image(head.astype(np.float32), np.eye(4)), volume)
    out_dir = tmp_path / "explained"
    words = ["predict", "one", volume, *here(run), "--every-slice", "--window", "120,240"]
    more = ["--evidence", "cheap", "--all-stages", "--similar", "1", "--override"]
    code, out, _ = ask(*words, *more, "--target", "yes", "--explain", out_dir, "--json")
    found = json.loads(out)["results"]
    assert code == 0
    assert sorted(result["slice"] for result in found) == [0, 1, 2]
    assert {result["status"] for result in found} == {"ok"}
    chances = [result["probability"]["yes"] for result in found]
    assert chances == sorted(chances, reverse=True)
    for result in found:
        assert (result["plane"], result["window"]) == ("axial", [120, 240])
        assert Path(result["map"]) == out_dir / f"001-head-{result['slice']}.png"
        assert result["stages"][-1]["probability"] == pytest.approx(
            result["probability"]["yes"], abs=1e-4
        )
        assert list(result["similar"]) == ["yes", "no"]
        assert result["evidence"]["checked"] == "cheap"
    (empty,) = (result for result in found if result["slice"] == 0)
    assert empty["overridden"]
    assert empty["reason"]
    _, out, _ = ask(*words, "--override")
    assert f"Answered on demand. {empty['reason'][:30]}" in " ".join(out.split())
    _, out, _ = ask(*words, "--json")
    (refused,) = (result for result in json.loads(out)["results"] if result["slice"] == 0)
    assert (refused["status"], refused["label"]) == ("refused", None)


def test_predict_writes_its_answers_into_reports(ask, run, scans, tmp_path):
    scan, noise = scans / "test" / "yes" / "yes0.png", tmp_path / "=1+1.png"
    noise.write_bytes(b"no picture at all")
    trained = scans / "train" / "no" / "no0.png"
    names = ["all.csv", "new/all.html", "all.PDF"]
    words = ["predict", "one", noise, trained, scan, *here(run), "--evidence", "cheap", "--json"]
    for name in names:
        words += ["--report", tmp_path / name]
    code, out, err = ask(*words, "--sensitivity", "0.9")
    results = json.loads(out)["results"]
    assert code == 0
    assert err.splitlines() == [f"Written to {tmp_path / name}." for name in names]
    table = pd.read_csv(tmp_path / "all.csv", keep_default_na=False)
    assert table["file"].tolist() == [result["file"] for result in results]
    assert table["status"].tolist() == ["unreadable", "ok", "ok"]
    assert table["trained_on"].tolist() == [False, True, False]
    assert float(table["probability"][2]) == results[2]["probability"]["yes"]
    assert table["map_maximum"][2] != ""
    assert table["evidence"][2] == results[2]["evidence"]["verdict"]
    assert set(table["operating_sensitivity"]) == {0.9}
    assert set(table["model_sha256"]) == {run.metrics("stage1")["model_sha256"]}
    page = (tmp_path / "new" / "all.html").read_text()
    assert page.count("<article") == 3
    assert page.count('alt="The scan with the map over it"') == 2
    assert "memory, not skill" in page
    assert (tmp_path / "all.PDF").read_bytes().startswith(b"%PDF-")
    assert not list(tmp_path.glob("**/.writing-*"))


def test_a_report_that_cannot_be_written_costs_no_answers(ask, run, scans):
    scan = scans / "test" / "yes" / "yes0.png"
    words = ["predict", "one", scan, *here(run), "--report", scan / "below-a-file.csv", "--json"]
    code, out, err = ask(*words)
    assert code == 2
    assert [result["status"] for result in json.loads(out)["results"]] == ["ok"]
    assert err.count("\n") == 1


def test_predict_reports_every_slice_of_a_volume(ask, run, tmp_path):
    y, x, z = np.mgrid[:SIDE, :SIDE, :3]
    head = (((x - 40) / 30) ** 2 + ((y - 40) / 34) ** 2 < 1) * (120.0 + 15 * np.sin(x / 4) + 9 * z)
    head[..., 0] = 0
    volume, table = tmp_path / "head.nii.gz", tmp_path / "slices.csv"
    nibabel.save(nibabel.Nifti1Image(head.astype(np.float32), np.eye(4)), volume)
    words = ["predict", "one", volume, *here(run), "--every-slice", "--report", table, "--json"]
    code, out, _ = ask(*words)
    results = {result["slice"]: result for result in json.loads(out)["results"]}
    assert code == 0
    assert {result["map_maximum"] for result in results.values()} == {None}  # a table has no maps
    rows = pd.read_csv(table, keep_default_na=False)
    assert rows["slice"].tolist() == [0, 1, 2]
    assert rows["plane"].tolist() == ["axial"] * 3
    assert rows["status"].tolist() == [results[number]["status"] for number in range(3)]


def test_predict_takes_the_last_stage_and_says_it_to_people(ask, run, scans):
    code, out, _ = ask("predict", "one", scans / "test" / "no" / "no1.png", *here(run))
    assert code == 0
    assert "no1.png" in out
    assert "Research use only" in out
    _, out, _ = ask("predict", "one", scans / "test" / "no" / "no1.png", *here(run), "--json")
    assert json.loads(out)["stage"] == "stage1"


@pytest.mark.parametrize(
    ("stem", "kept"), [("a" * 245, 180), ("я" * 120, 90), ("a" + "я" * 120, 90)]
)
def test_a_map_of_a_file_with_a_long_name_is_written(ask, run, scans, tmp_path, stem, kept):
    long = tmp_path / f"{stem}.png"
    long.write_bytes((scans / "test" / "yes" / "yes0.png").read_bytes())
    out_dir = tmp_path / "explained"
    code, out, _ = ask("predict", "one", long, *here(run), "--explain", out_dir, "--json")
    (found,) = json.loads(out)["results"]
    assert (code, found["file"]) == (0, str(long))
    assert Path(found["map"]) == out_dir / f"001-{stem[:kept]}.png"
    assert Path(found["map"]).is_file()


def test_a_chance_is_never_said_to_be_all_or_none(ask, run, scans):
    scan = scans / "test" / "yes" / "yes0.png"
    found = json.loads(ask("predict", "one", scan, *here(run), "--json")[1])["results"][0]
    sure = {"label": "yes", "probability": {"no": 0.00004, "yes": 0.99996}}
    stages = [{"stage": "baseline", "probability": 0.00004}]
    terminal.answers.width, width = 200, terminal.answers.width
    with terminal.answers.capture() as said:
        show_answers([found | sure | {"stages": stages}])
    terminal.answers.width = width
    assert "> 99.9 %" in said.get()
    assert "baseline < 0.1 %" in said.get()


def test_predict_fails_when_nothing_could_be_read(ask, run, scans):
    code, out, err = ask("predict", "one", scans / "train/no/empty.png", *here(run), "--json")
    assert code == 2
    assert [r["status"] for r in json.loads(out)["results"]] == ["unreadable"]
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("predict one", "Missing argument 'FILE...'"),
        ("predict one /nowhere.png", "there is no file '/nowhere.png'"),
        ("predict one {empty}", "is an empty folder"),
        ("predict one {file} --plane oblique", "'oblique' was given"),
        ("predict one {file} --plane coronal", "the coronal plane"),
        ("predict one {file} --volume 1", "volume 1 was asked for"),
        ("predict one {file} --window 40", "'40' was given"),
        ("predict one {file} --slice 0 --every-slice", "both were given"),
        ("predict ghost {file}", "'ghost' was given"),
        ("predict one {file} --stage final", "'final' was asked for"),
        ("predict one {file} --slice 7", "slice 7 was asked for"),
        ("predict one {file} --method guess", "'guess' was given"),
        ("predict one {file} --target maybe", "'maybe' was given"),
        ("predict one {file} --evidence some", "'some' was given"),
        ("predict one {file} --report {empty}/a.docx", "a.docx' was given"),
        ("predict one {file} --sensitivity 0.9", "--report beside --sensitivity"),
        ("predict one {file} --report {empty}/a.csv --sensitivity 95", "95 was given"),
        ("predict one {file} --report {empty}/a.pdf --slice 7", "slice 7 was asked for"),
    ],
)
def test_bad_input_gets_one_line_and_status_2(refused, words, told):
    refused(words, told)


def test_each_series_of_a_folder_is_asked_about(ask, run, tmp_path):
    y, x = np.mgrid[:SIDE, :SIDE]
    head = np.where(np.hypot(x - 40, y - 40) < 30, 100 + (x * 7 + y * 13) % 80, 0).astype(np.uint16)
    folder = tmp_path / "series"
    folder.mkdir()
    for number, series in enumerate(["1.1", "1.1", "1.2", "1.3"]):
        dicom = header(head + number, SeriesInstanceUID=series, InstanceNumber=number)
        (folder / f"{number}.dcm").write_bytes(written(dicom))
    (folder / "4.dcm").write_bytes(b"\0" * 128 + b"DICM, and no more")
    cut = written(header(head, SeriesInstanceUID="1.1"))[:-100]
    (folder / "5.dcm").write_bytes(cut)
    code, out, err = ask("predict", "one", folder, *here(run), "--override", "--json")
    found = json.loads(out)["results"]
    assert (code, err) == (0, "")
    names = [f"{number}.dcm" for number in (0, 2, 3, 4)]
    assert [Path(result["file"]).name for result in found] == names
    assert [result["slices"] for result in found] == [2, 1, 1, None]
    assert [result["status"] for result in found] == ["ok", "ok", "ok", "unreadable"]
    assert [bool(result["cautions"]) for result in found] == [True, False, False, False]
    assert found[0]["cautions"][0].startswith("1 file was left out")


def test_a_file_without_the_slice_asked_for_costs_no_other_its_answer(ask, run, tmp_path):
    y, x = np.mgrid[:SIDE, :SIDE]
    head = np.where(np.hypot(x - 40, y - 40) < 30, 100 + (x * 7 + y * 13) % 80, 0).astype(np.uint16)
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(3):
        dicom = header(head + number, SeriesInstanceUID="1.1", InstanceNumber=number)
        (folder / f"{number}.dcm").write_bytes(written(dicom))
    (folder / "alone.dcm").write_bytes(written(header(head, SeriesInstanceUID="1.2")))
    words = ["predict", "one", folder, *here(run), "--override", "--slice", "2", "--json"]
    code, out, err = ask(*words)
    found = json.loads(out)["results"]
    assert (code, err) == (0, "")
    assert [result["status"] for result in found] == ["ok", "refused"]
    assert found[1]["reason"] == "slice 2 was asked for (expected: a slice from 0 to 0)"


def test_several_series_of_an_archive_are_told_of(ask, run, tmp_path):
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for series in "12":
            archive.writestr(series, written(header(SeriesInstanceUID=f"1.{series}")))
    words = ["predict", "one", tmp_path / "two.zip", *here(run), "--override"]
    (found,) = json.loads(ask(*words, "--json")[1])["results"]
    assert (found["volume"], found["volumes"]) == (0, 2)
    assert "volume 0 of 2 (--volume)" in " ".join(ask(*words)[1].split())
