"""`python -m core readings`: counts, checks, exports."""

import json

import pytest
from made_readings import written

from core.cli import main
from core.readings.log import Log


@pytest.fixture
def log(tmp_path) -> Log:
    return written(tmp_path / "readings", 4)


@pytest.fixture
def ask(tmp_path, capfd):
    def asked(*words: str) -> tuple[int, str, str]:
        status = main(["readings", "--workspace", str(tmp_path), *words])
        shown = capfd.readouterr()
        return status, shown.out, shown.err

    return asked


@pytest.mark.usefixtures("log")
def test_counts_by_model(ask):
    status, shown, _ = ask("--json")
    found = json.loads(shown)
    assert (status, found["intact"], found["lines"]) == (0, True, 4)
    (model,) = found["models"]
    assert (model["agree"], model["disagree"], model["unsure"]) == (2, 1, 1)
    assert [reading["call"] for reading in found["disagreements"]] == ["disagree"]
    assert "no measure of accuracy" in " ".join(ask()[1].split())


def test_verify_gives_the_last_hash_or_the_fault(log, ask):
    assert log.contents().last_hash in ask("--verify")[1]
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[1:]))
    status, shown, errors = ask("--verify")
    assert status == 1
    assert "Not intact" in shown
    assert "not as it was written" in errors


def test_export_goes_by_the_ending(log, ask, tmp_path):
    assert ask("--export", str(tmp_path / "out.jsonl"))[0] == 0
    assert (tmp_path / "out.jsonl").read_bytes() == log.path.read_bytes()
    assert ask("--export", str(tmp_path / "out.csv"))[0] == 0
    assert (tmp_path / "out.csv").read_text().startswith("scan_sha256,")
    assert ask("--export", str(tmp_path / "out.xlsx"))[0] == 2


def test_an_empty_log_says_where_calls_are_made(ask):
    assert "Explain page" in ask()[1]
