"""A split that leaks makes a run only when that is accepted; nothing trains here."""

import shutil

import pytest

from core.data.index import index_folder
from core.data.patients import Patients, join_patients
from core.errors import DatasetError
from core.evaluation.mark import leakage_of, mark_of
from core.protocols import REPORT
from core.training.jobs import create_run
from core.training.workspace import Workspace
from tests.core.training.conftest import TINY


@pytest.fixture
def split_already(tmp_path, scans):
    """The scans in parts; two of the four test scans are copies of ones in train."""
    numbers = {"train": range(6), "valid": range(6, 9), "test": [9, 0]}
    for part, chosen in numbers.items():
        for label in ("yes", "no"):
            folder = tmp_path / "parts" / part / label
            folder.mkdir(parents=True)
            for number in chosen:
                shutil.copy(scans / label / f"{number}.png", folder / f"{part}{number}.png")
    return index_folder(tmp_path / "parts")


@pytest.fixture
def groups(split_already):
    """Exact copies, by the files themselves."""
    found = {}
    return {e.file: found.setdefault(e.sha256, len(found)) for e in split_already.entries}


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


def test_a_protocol_that_promises_no_leak_refuses_one(split_already, groups, workspace):
    with pytest.raises(DatasetError, match="2 of 4 test pictures have a copy") as refused:
        create_run(workspace, split_already, TINY, groups)
    assert "--accept-leak" in refused.value.remedy
    assert workspace.runs() == []


def test_what_test_shares_with_validation_is_a_leak_as_well(split_already, groups, workspace):
    parts = {"test/yes/test9.png": "valid/yes/valid6.png", "test/yes/test0.png": None}
    for file, copy in parts.items():
        groups[file] = max(groups.values()) + 1 if copy is None else groups[copy]
    groups["test/no/test0.png"] = max(groups.values()) + 1
    with pytest.raises(DatasetError, match=r"1 of 4 test pictures have a copy .* in validation"):
        create_run(workspace, split_already, TINY, groups)
    run = create_run(workspace, split_already, TINY, groups, accept_leak=True)
    assert leakage_of(run) == {"validation": 0, "test": 0}
    assert mark_of(run).startswith("Leaky: 25.0 % of the test pictures have a copy in validation")


def test_an_accepted_leak_is_on_record(split_already, groups, workspace):
    run = create_run(workspace, split_already, TINY, groups, accept_leak=True)
    assert leakage_of(run) == {"validation": 0, "test": 0.5}


def test_the_report_is_an_override_by_itself(split_already, groups, workspace):
    assert leakage_of(create_run(workspace, split_already, REPORT, groups))["test"] == 0.5


def test_what_is_dealt_out_anew_does_not_leak(scans, workspace):
    dataset = index_folder(scans)
    groups = {entry.file: number // 3 for number, entry in enumerate(dataset.entries)}
    run = create_run(workspace, dataset, TINY, groups)
    assert leakage_of(run) == {"validation": 0, "test": 0}
    assert run.config.data.patients is None


def test_a_patient_in_two_parts_is_a_leak_as_well(split_already, workspace):
    apart = {entry.file: number for number, entry in enumerate(split_already.entries)}
    patients = Patients(pattern=r"[a-z](\d)\.png")
    joined = join_patients(apart, patients.find(split_already))
    with pytest.raises(DatasetError, match=r"2 of 4 test pictures.*scan of their patient"):
        create_run(workspace, split_already, TINY, joined, patients=patients)
    run = create_run(workspace, split_already, TINY, joined, patients=patients, accept_leak=True)
    assert run.config.data.patients == patients


def test_scans_of_a_patient_stay_in_one_part(scans, workspace):
    dataset = index_folder(scans)
    patients = Patients(pattern=r"(\d)\.png$")
    groups = {entry.file: number for number, entry in enumerate(dataset.entries)}
    joined = join_patients(groups, patients.find(dataset))
    split = create_run(workspace, dataset, TINY, joined, patients=patients).split()
    parts = split.groupby(split["file"].str[-5])["split"].nunique()
    assert len(parts) == 10
    assert (parts == 1).all()
