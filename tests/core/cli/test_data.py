"""`inspect`: what a folder of scans holds."""

import json

import pytest


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
        ("inspect", "Missing argument 'DIR'"),
        ("inspect /nowhere/at/all", "does not exist"),
        ("inspect {folders}", "--positive alpha or --positive beta"),
        ("inspect {folders} --positive gamma", "'gamma' was given"),
        ("inspect {folders}/alpha", "one sub-folder for each of two classes"),
        ("inspect {scans} --patient-pattern p(", "'p(' is none"),
        ("inspect {scans} --patients /nowhere.csv", "cannot be opened"),
    ],
)
def test_bad_input_gets_one_line_and_status_2(refused, words, told):
    refused(words, told)
