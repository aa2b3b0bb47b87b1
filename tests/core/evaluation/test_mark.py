"""The mark says how much leaked, and is silent when nothing did."""

import pytest
from made_run import make_run, pictures

from core.data.patients import Patients
from core.evaluation.mark import leakage_of, mark, mark_of


@pytest.mark.parametrize(
    ("leaks", "said"),
    [
        ({"validation": 0, "test": 0}, None),
        (
            {"validation": 0, "test": 1},
            "Leaky: 100 % of the test pictures have a copy in training; "
            "these numbers measure memory.",
        ),
        (
            {"validation": 1, "test": 1},
            "Leaky: 100 % of the validation and test pictures have a copy in training; "
            "these numbers measure memory.",
        ),
        (
            {"validation": 0.25, "test": 0.9999},
            "Leaky: 25.0 % of the validation and 99.99 % of the test pictures have a copy in "
            "training; these numbers measure memory in part.",
        ),
        (
            {"validation": 0.00001, "test": 0},
            "Leaky: 0.001 % of the validation pictures have a copy in training; these numbers "
            "measure memory in part.",
        ),
    ],
)
def test_the_sentence_says_how_much_and_never_rounds_to_all_or_none(leaks, said):
    assert mark(leaks) == said


@pytest.mark.parametrize(("test", "both"), [(0.0, True), (0.5, True), (1.0, False)])
def test_what_test_shares_with_validation_is_said_beside_what_training_knows(test, both):
    said = mark({"validation": 0.01, "test": test}, chosen_by=1.0)
    assert "1.0 % of the validation" in said
    assert ("100 % of the test pictures have a copy in validation" in said) == both


def test_a_run_is_judged_by_its_own_split(tmp_path):
    run = make_run(tmp_path, [0.5])
    assert leakage_of(run) == {"validation": 0, "test": 0}
    assert mark_of(run) is None
    split = pictures()
    split.loc[split["file"] == "test/000.png", "group"] = "train0"
    run.write_split(split)
    assert leakage_of(run) == {"validation": 0, "test": pytest.approx(1 / 60)}
    assert "1.7 % of the test pictures have a copy in training" in mark_of(run)


def test_patients_are_named_where_groups_hold_them(tmp_path):
    split = pictures()
    split.loc[split["split"] == "test", "group"] = "train0"
    run = make_run(tmp_path, [0.5], split)
    data = run.config.data.model_copy(update={"patients": Patients(pattern="(a)")})
    run.write_config(run.config.model_copy(update={"data": data}))
    assert "a copy, or another scan of their patient, in training" in mark_of(run)


def test_a_run_before_its_split_has_no_mark(tmp_path):
    run = make_run(tmp_path, [0.5])
    (run.path / "split.csv").unlink()
    assert mark_of(run) is None
