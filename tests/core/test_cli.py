"""The shell as a person or a script meets it: real processes, real files, a real network."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from pages import draw_scans
from PIL import Image

from core.cli import COMMANDS, main
from core.data.patients import Patients
from core.training import jobs
from core.training.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
SIDE = 80
SMALL = ["--size", "32", "--epochs", "1"]


def write_scan(path, *, mass, seed):
    """A mottled ellipse, with a bright disc in it if `mass`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    # Different enough for no two to be near copies of one another.
    fine = Image.fromarray(rng.integers(50, 190, (24, 24)).astype(np.uint8))
    texture = np.asarray(fine.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    picture = np.where(((x - 40) / 30) ** 2 + ((y - 40) / 34) ** 2 < 1, texture, 0)
    across, down = rng.uniform(30, 50, 2)
    if mass:
        picture = np.where((x - across) ** 2 + (y - down) ** 2 < 60, 240, picture)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path)


@pytest.fixture(scope="session")
def scans(tmp_path_factory):
    """Twelve scans, split already, and one file that is none."""
    root = tmp_path_factory.mktemp("scans")
    seed = 0
    for part, count in (("train", 8), ("valid", 3), ("test", 3)):
        for label in ("no", "yes"):
            for number in range(count):
                seed += 1
                path = root / part / label / f"{label}{number}.png"
                write_scan(path, mass=label == "yes", seed=seed)
    (root / "train" / "no" / "empty.png").write_bytes(b"")
    return root


@pytest.fixture(scope="session")
def class_folders(tmp_path_factory):
    """Class folders whose names do not tell which class is the positive one."""
    root = tmp_path_factory.mktemp("folders")
    for number in range(4):
        write_scan(root / "alpha" / f"{number}.png", mass=False, seed=number)
        write_scan(root / "beta" / f"{number}.png", mass=True, seed=100 + number)
    return root


@pytest.fixture(scope="session")
def distinct(tmp_path_factory):
    """Class folders of scans that are no near copies of one another, eight of each class."""
    return draw_scans(tmp_path_factory.mktemp("distinct") / "scans", each=8)


def shell(*words, **options):
    """A command as a process of its own, from the root of the repository."""
    return subprocess.run(
        [sys.executable, "-m", "core", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
        **options,
    )


@pytest.fixture(scope="session")
def trained(scans, tmp_path_factory):
    """A workspace with the run `one`, of which two stages are trained; what the shell said."""
    workspace = tmp_path_factory.mktemp("workspace")
    words = ["train", scans, "--protocol", "report", "--stages", "baseline,stage1"]
    said = shell(*words, "--run", "one", "--workspace", workspace, *SMALL, "--json")
    assert said.returncode == 0, said.stderr
    return workspace, said


@pytest.fixture
def run(trained, tmp_path):
    """The trained run, in a workspace of the test's own."""
    workspace, _ = trained
    shutil.copytree(workspace, tmp_path / "workspace")
    return Workspace(tmp_path / "workspace").run("one")


@pytest.fixture
def ask(capfd):
    """Run a command in this process: (exit status, stdout, stderr)."""

    def run_command(*words):
        code = main([str(word) for word in words])
        said = capfd.readouterr()
        return code, said.out, said.err

    return run_command


def here(run):
    return "--workspace", run.path.parent.parent


def test_inspect_tells_classes_parts_and_what_is_unreadable(ask, scans):
    code, out, err = ask("inspect", scans, "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["classes"] == {"no": 14, "yes": 14}
    assert found["positive"] == "yes"
    assert found["unreadable"] == [{"file": "train/no/empty.png", "reason": "the file is empty"}]
    assert found["splits"] == {
        "train": {"no": 8, "yes": 8},
        "validation": {"no": 3, "yes": 3},
        "test": {"no": 3, "yes": 3},
    }
    assert found["already_cropped"] is False
    assert set(found["near_copies"]) == {"scans", "distinct", "in_train"}
    assert set(found["near_copies"]["in_train"]) == {"validation", "test"}
    assert found["near_copies"]["scans"] == 28


@pytest.fixture
def leaky(scans, tmp_path):
    """The scans in their parts; one of train is in test as well, and one under both labels."""
    root = tmp_path / "leaky"
    shutil.copytree(scans, root)
    shutil.copy(root / "train/yes/yes0.png", root / "test/yes/p1_again.png")
    shutil.copy(root / "train/no/no1.png", root / "train/yes/p1_other.png")
    return root


def test_inspect_names_copies_and_what_they_leak(ask, leaky):
    found = json.loads(ask("inspect", leaky, "--json")[1])
    again, other = sorted(found["exact_groups"], key=str)
    assert again == ["test/yes/p1_again.png", "train/yes/yes0.png"]
    assert other == ["train/no/no1.png", "train/yes/p1_other.png"]
    for files in (again, other):
        assert any(set(files) <= set(group) for group in found["duplicate_groups"])
    assert any(set(other) <= set(group) for group in found["across_classes"])
    assert any(set(again) <= set(group) for group in found["across_parts"])
    assert found["leakage"] == found["near_copies"]["in_train"]
    assert found["leakage"]["test"] >= 1 / 7
    assert found["patients"] is None
    _, out, _ = ask("inspect", leaky)
    assert "one of the labels must be wrong" in out
    for word in ("p1_other.png", "% of the test scans have a copy in train", "In several parts"):
        assert word in out


def test_inspect_counts_patients_and_what_they_leak(ask, leaky, tmp_path):
    found = json.loads(ask("inspect", leaky, "--patient-pattern", r"/(?:no|yes)(\d)", "--json")[1])
    assert found["patients"] == {"scans": 28, "patients": 8, "across_parts": ["0", "1", "2"]}
    assert found["leakage"] == {"validation": 1, "test": 1}
    table = tmp_path / "patients.csv"
    table.write_text("file,patient\nvalid/no/no0.png,A\ntrain/no/no3.png,A\n")
    _, out, _ = ask("inspect", leaky, "--patients", table)
    assert "2 scans are of 1 known patients" in out
    assert "a copy or another scan of their patient in train" in out


def test_a_leaky_split_trains_only_when_that_is_accepted(ask, leaky, tmp_path):
    words = ["train", leaky, "--run", "leaky", "--workspace", tmp_path / "workspace", *SMALL]
    code, out, err = ask(*words)
    assert (code, out) == (2, "")
    assert "one of the labels must be wrong" in err
    assert "test pictures" in err
    assert "--accept-leak" in err
    where = Workspace(tmp_path / "workspace")
    assert where.runs() == []
    words += ["--stages", "baseline", "--patient-pattern", r"(p1)"]
    code, out, err = ask(*words, "--accept-leak")
    assert code == 0, err
    assert "Leaky: " in err
    assert "Leaky: " in out
    run = where.run("leaky")
    assert run.config.data.patients == Patients(pattern="(p1)")
    found = json.loads(ask("compare", "leaky", *here(run), "--json")[1])
    assert found["leakage"]["test"] > 0
    assert found["mark"].startswith("Leaky: ")
    assert found["mark"] in ask("compare", "leaky", *here(run), "--markdown")[1]
    assert json.loads(ask("evaluate", "leaky", *here(run), "--json")[1])["mark"] == found["mark"]
    scan = leaky / "test" / "no" / "no0.png"
    answered = json.loads(ask("predict", "leaky", scan, *here(run), "--json")[1])
    assert answered["mark"] == found["mark"]
    code, _, err = ask("train", leaky, "--run", "leaky", *here(run), "--patient-pattern", "(p)")
    assert code == 2
    assert "--patient-pattern to stay (p1)" in err


def test_inspect_of_class_folders_knows_no_parts(ask, class_folders):
    _, out, _ = ask("inspect", class_folders, "--positive", "beta", "--json")
    found = json.loads(out)
    assert found["classes"] == {"alpha": 4, "beta": 4}
    assert (found["positive"], found["splits"]) == ("beta", None)
    assert found["near_copies"]["in_train"] is None


def test_inspect_for_people(ask, scans):
    code, out, _ = ask("inspect", scans)
    assert code == 0
    for word in ("yes (positive)", "validation", "empty.png", "the file is empty"):
        assert word in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["--nonsense"], "No such option: --nonsense"),
        (["inspect"], "Missing argument 'DIR'"),
        (["inspect", "/nowhere/at/all"], "does not exist"),
        (["inspect", "{folders}"], "--positive alpha or --positive beta"),
        (["inspect", "{folders}", "--positive", "gamma"], "'gamma' was given"),
        (["inspect", "{folders}/alpha"], "one sub-folder for each of two classes"),
        (["train", "/nowhere/at/all"], "does not exist"),
        (["train", "{scans}", "--protocol", "other"], "'other' was given"),
        (["train", "{scans}", "--stages", "stage9"], "'stage9' was given"),
        (["train", "{scans}", "--stages", "stage1"], "Add baseline to the stages"),
        (["train", "{scans}", "--stages", ","], "no stage was named"),
        (["train", "{scans}", "--size", "16"], "--size"),
        (["train", "{scans}", "--epochs", "many"], "--epochs"),
        (["train", "{scans}", "--precision", "float8"], "--precision"),
        (["train", "{scans}", "--run", "../up"], "'../up' was given"),
        (["inspect", "{scans}", "--patient-pattern", "p("], "'p(' is none"),
        (["inspect", "{scans}", "--patients", "/nowhere.csv"], "cannot be opened"),
        (["train", "{scans}", "--patients", "x", "--patient-pattern", "(x)"], "both were given"),
        (["train", "{scans}", "--patient-pattern", "(patient)"], "fits none of 28"),
        (["train", "{scans}", "--weights", "/nowhere.h5"], "there is no file /nowhere.h5"),
        (["train", "{scans}", "--workspace", "{file}"], "{file}"),
        (["train", "{scans}", "--set", "input.fit"], "PATH=VALUE"),
        (["train", "{scans}", "--set", "input.fits=letterbox"], "input.size, input.fit"),
        (["train", "{scans}", "--set", "input.fit=squeeze"], "'stretch' or 'letterbox'"),
        (["train", "{scans}", "--run", "one", "--set", "head.dropout=0.1"], "to stay 0.3"),
        (["crossval"], "Name the folder"),
        (["crossval", "--name", "ghost"], "'ghost' is none in"),
        (["crossval", "{distinct}", "--name", "one"], "'one' exists"),
        (["crossval", "{scans}", "--folds", "1"], "--folds"),
        (["crossval", "{distinct}", "--folds", "20"], "at least 21 scans of each class"),
        (["crossval", "{distinct}", "--seeds", "7,x"], "'7,x' was given"),
        (["crossval", "{distinct}", "--seeds", "7,7"], "seeds that differ"),
        (["crossval", "{scans}", "--set", "seed=8"], "Use --seeds"),
        (["crossval", "{distinct}", "--protocol", "report"], "deals out pictures one by one"),
        (["crossval", "{distinct}", "--stages", "stage1"], "Add baseline to the stages"),
        (["status", "ghost"], "'ghost' was given"),
        (["stop", "ghost"], "'ghost' was given"),
        (["stop", "one"], "'one' is finished"),
        (["resume", "ghost"], "'ghost' was given"),
        (["resume", "one"], "nothing left to do"),
        (["evaluate", "one", "--stages", "final"], "'final' was asked for"),
        (["compare", "ghost"], "'ghost' was given"),
        (["compare", "one", "--sensitivity", "95"], "95 was given"),
        (["compare", "one", "--prevalence", "0"], "0 was given"),
        (["predict", "one"], "Missing argument 'FILE...'"),
        (["predict", "one", "/nowhere.png"], "there is no file '/nowhere.png'"),
        (["predict", "one", "{empty}"], "is an empty folder"),
        (["predict", "one", "{file}", "--plane", "oblique"], "'oblique' was given"),
        (["predict", "one", "{file}", "--plane", "coronal"], "the coronal plane"),
        (["predict", "one", "{file}", "--volume", "1"], "volume 1 was asked for"),
        (["predict", "one", "{file}", "--window", "40"], "'40' was given"),
        (["predict", "one", "{file}", "--slice", "0", "--every-slice"], "both were given"),
        (["predict", "ghost", "{file}"], "'ghost' was given"),
        (["predict", "one", "{file}", "--stage", "final"], "'final' was asked for"),
        (["predict", "one", "{file}", "--slice", "7"], "slice 7 was asked for"),
        (["predict", "one", "{file}", "--method", "guess"], "'guess' was given"),
        (["predict", "one", "{file}", "--target", "maybe"], "'maybe' was given"),
        (["predict", "one", "{file}", "--evidence", "some"], "'some' was given"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_gets_one_line_and_status_2(
    ask, run, scans, class_folders, distinct, monkeypatch, tmp_path, words, told
):
    monkeypatch.setenv("NEUROSTAGE_WORKSPACE", str(run.path.parent.parent))
    places = {"scans": scans, "folders": class_folders, "distinct": distinct}
    places |= {"file": scans / "test/yes/yes0.png", "empty": tmp_path / "empty"}
    places["empty"].mkdir()
    code, out, err = ask(*(word.format(**places) for word in words))
    assert (code, out) == (2, "")
    assert told.format(**places) in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    workspace = Workspace(run.path.parent.parent)
    assert [r.name for r in workspace.runs()] == ["one"]
    assert workspace.crossvals() == []


def test_bad_input_in_a_process_of_its_own(tmp_path):
    said = shell("inspect", tmp_path / "absent")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("Expected a folder of scans, but")
    assert said.stderr.count("\n") == 1


def test_help_lists_every_command(ask):
    code, out, _ = ask()
    assert code == 0
    assert all(f"  {command}" in out for command in COMMANDS)


def test_train_stays_until_the_end_and_tells_each_epoch(trained):
    workspace, said = trained
    end = json.loads(said.stdout)
    assert (end["state"], end["finished"]) == ("finished", ["baseline", "stage1"])
    assert end["weights"] == "random"
    assert "random values" in said.stderr
    assert "1 file cannot be read" in said.stderr
    assert [line.split()[0] for line in said.stderr.splitlines() if "validation loss" in line] == [
        "Baseline",
        "Stage",
    ]
    config = Workspace(workspace).run("one").config
    assert config.protocol.name == "report"
    assert config.protocol.input.size == 32
    assert [s.epochs for s in config.protocol.stages] == [1, 1, 10, 10, 10]


def test_status_of_one_and_of_all(ask, run):
    code, out, err = ask("status", "one", *here(run), "--json")
    one = json.loads(out)
    assert (code, err) == (0, "")
    assert one["run"] == "one"
    assert one["state"] == "finished"
    _, out, _ = ask("status", *here(run), "--json")
    assert json.loads(out) == {
        "workspace": str(run.path.parent.parent),
        "runs": [one],
        "crossvals": [],
    }
    _, out, _ = ask("status", *here(run))
    assert "baseline, stage1" in out


def test_status_lists_a_damaged_run_beside_the_others(ask, run):
    broken = run.path.parent / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{")
    _, out, _ = ask("status", *here(run), "--json")
    states = {found["run"]: found["state"] for found in json.loads(out)["runs"]}
    assert states == {"one": "finished", "broken": "damaged"}


def test_compare_follows_from_the_predictions(ask, run):
    code, out, err = ask("compare", "one", *here(run), "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["run"], found["protocol"]) == ("one", "report")
    assert [stage["name"] for stage in found["stages"]] == ["baseline", "stage1"]
    for stage in found["stages"]:
        assert (stage["epochs"], stage["best_epoch"]) == (1, 1)
        assert stage["trainable_parameters"] > 700_000
        rows = pd.read_csv(run.stage_path(stage["name"]) / "predictions.csv")
        for part in ("validation", "test"):
            of_part = rows[rows["split"] == part]
            called = of_part["probability"] >= 0.5
            ill = of_part["label"] == "yes"
            (tn, fp), (fn, tp) = stage[part]["confusion"]
            assert (tn, fp) == ((~called & ~ill).sum(), (called & ~ill).sum())
            assert (fn, tp) == ((~called & ill).sum(), (called & ill).sum())
            assert stage[part]["accuracy"] == pytest.approx((called == ill).mean())
            assert stage[part]["loss"] > 0
            assert stage[part]["intervals"]["accuracy"][0] < stage[part]["accuracy"]
    assert [b["name"] for b in found["baselines"]] == ["majority", "metadata", "hog", "features"]
    assert {"stage", "reason"} <= set(found["keep"])
    assert all(0 <= pair["accuracy"]["p_holm"] <= 1 for pair in found["pairs"])
    _, out, _ = ask("compare", "one", *here(run))
    assert "Baseline" in out
    assert "Optimistic" in out
    assert "File metadata only" in out
    assert found["stages"][0]["beats"]["words"] or found["stages"][1]["beats"]["words"]


def test_compare_reports_the_operating_point_that_was_asked_for(ask, run):
    words = ["compare", "one", *here(run), "--sensitivity", "0.6", "--prevalence", "0.1"]
    code, out, _ = ask(*words, "--json")
    assert code == 0
    for stage in json.loads(out)["stages"]:
        point = stage["operating_point"]
        assert (point["wanted_sensitivity"], point["prevalence"]) == (0.6, 0.1)
        for part in ("validation", "test"):
            rows = run.predictions(stage["name"]).query("split == @part")
            called = rows["probability"] >= point["threshold"]
            assert point[part]["confusion"][1][1] == (called & (rows["label"] == "yes")).sum()
        assert point["validation"]["sensitivity"] >= 0.6
    _, out, _ = ask(*words)
    assert "Where 10.0 % of those scanned" in out
    _, out, _ = ask("compare", "one", *here(run), "--json")
    assert json.loads(out)["stages"][0]["operating_point"]["positive_predictive_value"] is None


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
    assert "Answered on demand." in out
    _, out, _ = ask(*words, "--json")
    (refused,) = (result for result in json.loads(out)["results"] if result["slice"] == 0)
    assert (refused["status"], refused["label"]) == ("refused", None)


def test_predict_takes_the_last_stage_and_says_it_to_people(ask, run, scans):
    code, out, _ = ask("predict", "one", scans / "test" / "no" / "no1.png", *here(run))
    assert code == 0
    assert "no1.png" in out
    assert "Research use only" in out
    _, out, _ = ask("predict", "one", scans / "test" / "no" / "no1.png", *here(run), "--json")
    assert json.loads(out)["stage"] == "stage1"


def test_predict_fails_when_nothing_could_be_read(ask, run, scans):
    code, out, err = ask("predict", "one", scans / "train/no/empty.png", *here(run), "--json")
    assert code == 2
    assert [r["status"] for r in json.loads(out)["results"]] == ["unreadable"]
    assert err.count("\n") == 1


def test_evaluate_agrees_with_the_record_until_it_is_altered(ask, run):
    code, out, err = ask("evaluate", "one", *here(run), "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert [stage["name"] for stage in found["stages"]] == ["baseline", "stage1"]
    compared = json.loads(ask("compare", "one", *here(run), "--json")[1])
    for stage, other in zip(found["stages"], compared["stages"], strict=True):
        assert stage["agrees"] is True
        assert stage["largest_difference"] < 1e-3
        assert stage["test"]["confusion"] == other["test"]["confusion"]
        assert stage["validation"]["loss"] == pytest.approx(other["validation"]["loss"], abs=1e-4)

    path = run.stage_path("stage1") / "predictions.csv"
    rows = pd.read_csv(path)
    rows["probability"] = (1 - rows["probability"]).where(
        rows["split"] == "test", rows["probability"]
    )
    rows.to_csv(path, index=False)
    code, out, err = ask("evaluate", "one", *here(run))
    assert code == 1
    assert "NO" in out
    assert "do not say what its predictions.csv says" in err


def test_a_stage_is_repeated_with_other_settings(run, scans):
    before = run.metrics("baseline")["model_sha256"]
    words = ["train", scans, "--run", "one", "--stages", "stage1", "--epochs", "2"]
    said = shell(*words, "--learning-rate", "0.001", *here(run))
    assert said.returncode == 0, said.stderr
    assert "Stage 1" in said.stdout
    assert run.metrics("baseline")["model_sha256"] == before
    assert run.metrics("stage1")["stage"]["epochs"] == 2
    assert run.metrics("stage1")["stage"]["learning_rate"] == 0.001
    assert list(run.history()["stage"]) == ["baseline", "stage1", "stage1"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--protocol", "leakfree"], "--protocol to stay report"),
        (["--size", "64"], "--size to stay 32"),
        (["--positive", "no"], "--positive to stay yes"),
        (["--no-cache"], "--cache to stay True"),
    ],
)
def test_a_run_that_is_there_keeps_what_it_was_made_with(ask, run, scans, words, told):
    code, _, err = ask("train", scans, "--run", "one", *here(run), *words)
    assert code == 2
    assert told in err


def test_a_run_that_is_there_keeps_its_folder(ask, run, class_folders):
    code, _, err = ask("train", class_folders, "--run", "one", *here(run))
    assert code == 2
    assert "the folder to stay" in err


def test_crossval_predicts_every_scan_and_goes_on_by_its_name(ask, distinct, tmp_path):
    place = ("--workspace", tmp_path)
    words = ["crossval", distinct, "--folds", "2", "--seeds", "8,7", "--stages", "baseline", *SMALL]
    words += ["--set", "head.units=8", "--set", "augmentation.positive_views=1"]
    said = shell(*words, "--name", "cv", *place, "--json")
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert (found["crossval"], found["protocol"]) == ("cv", "leakfree")
    assert (found["folds"], found["seeds"], found["scans"]) == (2, [7, 8], 16)
    assert found["settings"]["head.units"] == [8]
    assert found["settings"]["augmentation.positive_views"] == 1
    (stage,) = found["stages"]
    assert stage["name"] == "baseline"
    assert np.sum(stage["confusion"]) == 2 * 16
    assert [each["seed"] for each in stage["by_seed"]] == [7, 8]
    for figure in ("accuracy", "sensitivity", "specificity", "auc", "loss", "brier"):
        low, high = stage["intervals"][figure]
        assert low <= stage[figure] <= high
    assert [line.split()[:2] for line in said.stderr.splitlines() if " test " in line] == [
        [fold, "Baseline"] for fold in ("s7-f1", "s7-f2", "s8-f1", "s8-f2")
    ]

    # By its name alone: the table, and nothing is trained.
    code, out, err = ask("crossval", "--name", "cv", *place, "--json")
    assert (code, json.loads(out), err) == (0, found, "")
    assert "each predicted by the one of 2 folds" in ask("crossval", "--name", "cv", *place)[1]
    assert ask("crossval", "--name", "cv", *place, "--markdown")[1].startswith("| stage |")
    status = json.loads(ask("status", "cv", *place, "--json")[1])
    assert (status["crossval"], status["state"]) == ("cv", "finished")
    assert (status["folds_finished"], status["folds_in_all"], status["fold"]) == (4, 4, None)
    listed = json.loads(ask("status", *place, "--json")[1])
    assert (listed["runs"], listed["crossvals"]) == ([], [status])
    assert "finished, 4 of 4 folds" in ask("status", *place)[1]
    assert "nothing left to do" in ask("resume", "cv", *place)[2]
    for option, value in (("--folds", "3"), ("--seeds", "7"), ("--set", "head.units=16")):
        code, _, err = ask("crossval", "--name", "cv", option, value, *place)
        assert code == 2
        assert "to stay" in err

    # A further stage, left to itself, stopped and taken up again.
    words = ["crossval", "--name", "cv", "--stages", "stage1", *place]
    code, out, _ = ask(*words, "--detach", "--json")
    assert code == 0
    assert json.loads(out)["state"] in ("queued", "running")
    code, out, _ = ask("stop", "cv", *place, "--json")
    assert (code, json.loads(out)["state"]) == (0, "stopped")
    said = shell("resume", "cv", *place, "--json")
    assert said.returncode == 0, said.stderr
    stages = [stage["name"] for stage in json.loads(said.stdout)["stages"]]
    assert stages == ["baseline", "stage1", "average"]


def test_ctrl_c_leaves_training_at_work_until_it_is_stopped(ask, run, scans):
    workspace = Workspace(run.path.parent.parent)
    words = ["train", scans, "--run", "one", "--stages", "stage1", "--epochs", "500"]
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *map(str, [*words, *here(run)])],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until(lambda: process.poll() is not None or run.status.epoch > 2)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "goes on without this shell" in err
        assert f"python -m core stop one --workspace {workspace.path}" in err
        assert "Traceback" not in err
        assert run.status.active

        code, out, err = ask("stop", "one", *here(run), "--json")
        assert (code, err) == (0, "")
        assert json.loads(out)["state"] == "stopped"
        assert json.loads(out)["requested"] == ["stage1"]

        epochs = len(run.history())
        code, out, err = ask("resume", "one", *here(run), "--detach", "--json")
        assert code == 0
        assert json.loads(out)["state"] in ("queued", "running")
        assert "python -m core status one" in err
        until(lambda: len(run.history()) > epochs)
        code, _, err = ask("train", scans, "--run", "one", *here(run))
        assert code == 2
        assert "Stop it first" in err
    finally:
        if run.status.active:
            jobs.stop(run)
        assert not jobs.wait(run, 120).active


def until(condition, seconds=240):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.1)
