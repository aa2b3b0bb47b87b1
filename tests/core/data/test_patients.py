"""Patients come from a table or from the paths of files, and what is wrong is said in words."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.data.index import Dataset, Entry, Unreadable
from core.data.patients import Patients, divided, join_patients
from core.errors import DatasetError, SettingError

FILES = {
    "train/no/p1_a.png": "train",
    "train/no/p1_b.png": "train",
    "train/yes/p2_a.png": "train",
    "test/no/p3_a.png": "test",
    "test/yes/p2_b.png": "test",
    "test/yes/lone.png": "test",
}


def made(files: dict[str, str] = FILES) -> Dataset:
    """A data set by name; nothing here reads a scan."""
    entries = tuple(Entry(f, f.split("/")[1], part, "", 1, 1) for f, part in files.items())
    broken = (Unreadable("train/no/broken.png", "the file is empty"),)
    return Dataset(Path("scans"), entries, broken, ("no", "yes"), True, True)


def by_table(folder: Path, text: str | bytes) -> dict[str, str]:
    path = folder / "patients.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return Patients.given(path, None).find(made())


def test_a_table_names_patients_as_they_are_written(tmp_path):
    rows = "train/no/p1_a.png,007\ntrain/no/p1_b.png,NA\ntest/yes/p2_b.png,\ntrain/no/broken.png,9"
    assert by_table(tmp_path, f"file,patient\n{rows}\n") == {
        "train/no/p1_a.png": "007",
        "train/no/p1_b.png": "NA",
    }


@pytest.mark.parametrize(
    "text",
    [
        "patient,scanner,file\nA,1,train/no/p1_a.png\nA,2,train/no/p1_b.png",
        "File ; Patient\r\n train/no/p1_a.png ; A\r\n\r\ntrain/no/p1_b.png;A\r\n",
        "\ufefffile\tpatient\n./train/no/p1_a.png\tA\ntrain\\no\\p1_b.png\tA",
        'file,patient\n"train/no/p1_a.png","A"\ntrain/no/p1_b.png,A\ntrain/no/p1_b.png,A',
    ],
    ids=["more columns", "semicolons", "tabs, mark, Windows", "quotes, twice the same"],
)
def test_a_table_as_spreadsheets_write_it(tmp_path, text):
    assert by_table(tmp_path, text) == {"train/no/p1_a.png": "A", "train/no/p1_b.png": "A"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scan,patient\na,b", "one column 'file'.*columns of 'patients.csv' are 'scan', 'patient'"),
        ("file,name\na,b", "one column 'patient'"),
        ("file,patient,file\na,b,c", "one column 'file'"),
        ("", "columns of 'patients.csv' are none"),
        ("file,patient", "names none"),
        ("file,patient\ntrain/no/broken.png,1", "names none"),
        ("file,patient\ntrain/no/p1_a.png,", "names none"),
        ("file,patient\np1_a.png,1\ntrain/no/p1_a.png,1", "1 of 2 are none, the first 'p1_a.png'"),
        ("file,patient\ntrain/no/p1_a.png", "2 columns in each row"),
        ("file,patient\ntrain/no/p1_a.png,1\ntrain/no/p1_a.png,2", "to both '1' and '2'"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "is no text"),
        ('file,patient\ntrain/no/p1_a.png,"1\ntrain/no/p1_b.png,1', "cannot be read"),
        (
            'file,patient\ntrain/no/p1_a.png,"1\ntrain/no/p1_b.png,1"',
            "mark before '1' takes in the lines after it",
        ),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(tmp_path, text, told):
    with pytest.raises(DatasetError, match=told):
        by_table(tmp_path, text)


def test_a_table_that_is_not_there_is_refused(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(DatasetError, match="cannot be opened"):
            Patients.given(path, None).find(made())


def test_a_pattern_finds_patients_in_paths():
    found = Patients.given(None, r"/(p\d)_").find(made())
    assert found == {file: file.split("/")[2][:2] for file in FILES if "lone" not in file}


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (r"p(\d", "is none: missing \\)"),
        (r"p\d", "has no"),
        (r"(p)(\d)", "has 2"),
        (r"a{99999999999999999999}(b)", "is none"),
        (r"(?:(q)|p\d)", "fits none of 6, such as 'train/no/p1_a.png'"),
        (r"patient_(\d+)", "fits none of 6"),
    ],
)
def test_a_pattern_that_cannot_be_right_is_refused(pattern, told):
    with pytest.raises(SettingError, match=told):
        Patients(pattern=pattern).find(made())


def test_one_source_at_a_time(tmp_path):
    with pytest.raises(SettingError, match="both were given"):
        Patients.given(tmp_path, "(a)")
    assert Patients.given(None, None) is Patients.given(None, "") is None
    kept = Patients.given(tmp_path / "x.csv", None)
    assert Patients.model_validate_json(kept.model_dump_json()) == kept
    assert Path(kept.table).is_absolute()


def test_scans_of_a_patient_are_one_group_with_their_copies():
    groups = dict(zip("abcdefg", [0, 1, 1, 2, 3, 4, 5], strict=True))
    # b and c are copies, so whoever shares a patient with either is of one group with both.
    joined = join_patients(groups, {"a": "x", "b": "x", "c": "y", "d": "y", "g": "z"})
    assert joined == dict(zip("abcdefg", [0, 0, 0, 0, 1, 2, 3], strict=True))
    assert join_patients(groups, {}) == groups
    assert join_patients({}, {}) == {}


def test_patients_in_several_parts_are_named():
    dataset = made()
    assert divided(dataset, Patients(pattern=r"/(p\d)_").find(dataset)) == ("p2",)


LETTERS = "abcdefgh"


@given(
    st.lists(st.integers(0, 4), min_size=8, max_size=8),
    st.dictionaries(st.sampled_from(LETTERS), st.sampled_from("xyz")),
)
def test_joined_groups_are_the_smallest_that_hold_both(numbers, patients):
    groups = dict(zip(LETTERS, numbers, strict=True))
    joined = join_patients(groups, patients)
    # Independently: who can be reached by steps of a shared group or a shared patient.
    for file in LETTERS:
        reached, waiting = {file}, [file]
        while waiting:
            one = waiting.pop()
            for other in set(LETTERS) - reached:
                same_patient = one in patients and patients.get(other) == patients[one]
                if groups[other] == groups[one] or same_patient:
                    reached.add(other)
                    waiting.append(other)
        assert {other for other in LETTERS if joined[other] == joined[file]} == reached
    assert list(dict.fromkeys(joined.values())) == list(range(len(set(joined.values()))))


WILD = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None
)


@WILD
@given(st.binary(max_size=80) | st.text(max_size=60).map(lambda t: f"file,patient\n{t}".encode()))
def test_wild_tables_are_read_or_refused(tmp_path, data):
    with suppress(DatasetError):
        assert by_table(tmp_path, data).keys() <= FILES.keys()


@WILD
@given(st.text("()[]{}*+?|\\^$.pP<>=!:#-_/019a", max_size=12))
def test_wild_patterns_are_used_or_refused(pattern):
    with suppress(SettingError):
        assert all(Patients(pattern=pattern).find(made()).values())
